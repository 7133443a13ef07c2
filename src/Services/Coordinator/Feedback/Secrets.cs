using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Coordinator.Feedback;

/// <summary>Makes secrets and their hashes.</summary>
internal static class Secrets
{
    private const int Bytes = 32;

    /// <summary>256 random bits, in characters that URLs and headers take as they are.</summary>
    public static string New() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>SHA-256, in hex.</summary>
    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
