using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Rlhf.ModelHub;

/// <summary>The two checksums of the hub: SHA-256 of large files, and git's SHA-1 of a blob for small ones.</summary>
internal static class Checksum
{
    private const int Sha256Digits = 2 * SHA256.HashSizeInBytes;
    private const int Sha1Digits = 2 * SHA1.HashSizeInBytes;

    /// <summary>Whether a file can be held against it.</summary>
    public static bool IsKnown(string checksum) => checksum.Length is Sha256Digits or Sha1Digits && checksum.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a file has that checksum.</summary>
    public static async Task<bool> FitsAsync(string path, string checksum, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var isGit = checksum.Length == Sha1Digits;
        using var hash = IncrementalHash.CreateHash(isGit ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        if (isGit)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Length}\0")));
        }

        var buffer = new byte[1 << 20];
        for (int read; (read = await file.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()) == checksum;
    }
}
