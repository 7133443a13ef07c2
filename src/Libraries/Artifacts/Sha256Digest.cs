using System.Security.Cryptography;

namespace Rlhf.Artifacts;

/// <summary>The text form of a SHA-256 digest: 64 lower-case hexadecimal digits.</summary>
public static class Sha256Digest
{
    /// <summary>Characters in the text form.</summary>
    public const int TextLength = 2 * SHA256.HashSizeInBytes;

    /// <summary>Whether <paramref name="text"/> is 64 lower-case hexadecimal digits, and so is safe in a file name.</summary>
    public static bool IsValid(string text) =>
        text is { Length: TextLength } && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Returns <paramref name="text"/> when it is a digest.</summary>
    /// <exception cref="ArgumentException">It isn't 64 lower-case hexadecimal digits.</exception>
    public static string Require(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsValid(text)
            ? text
            : throw new ArgumentException($"'{text}' is not a SHA-256 digest: {TextLength} lower-case hexadecimal digits are.", nameof(text));
    }

    internal static string Finish(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());
}
