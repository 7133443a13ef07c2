using System.Buffers;

namespace Rlhf.Artifacts;

/// <summary>The relative name of a file inside a version's folder, as <c>ArtifactFile.name</c> carries it: parts between single slashes.</summary>
public static class ArtifactFileName
{
    private const int MaxPartLength = 200;
    private static readonly SearchValues<char> s_forbidden = SearchValues.Create("\\:*?\"<>|");

    /// <summary>Returns <paramref name="name"/> when it stays inside the folder on every operating system.</summary>
    /// <exception cref="ArgumentException">The name is empty, absolute, has a part that is empty, "." or "..", a character that some file system refuses, or a part of more than 200 characters.</exception>
    public static string Require(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        foreach (var part in name.Split('/'))
        {
            if (part.Length is 0 or > MaxPartLength || part is "." or ".."
                || part.EndsWith('.') || part.EndsWith(' ')
                || part.AsSpan().ContainsAny(s_forbidden) || part.Any(char.IsControl))
            {
                throw new ArgumentException(
                    $"'{name}' is not a file name of a version: a relative path with single slashes and no '.' or '..' part is.", nameof(name));
            }
        }
        return name;
    }
}
