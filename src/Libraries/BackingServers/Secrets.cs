using System.Security.Cryptography;

namespace Rlhf.BackingServers;

/// <summary>Passwords for servers that live as long as their parent.</summary>
internal static class Secrets
{
    /// <summary>128 random bits, as letters and digits that need no quoting in URLs and configuration files.</summary>
    public static string Create() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Writes a file that only this user may read.</summary>
    public static void WriteFile(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
