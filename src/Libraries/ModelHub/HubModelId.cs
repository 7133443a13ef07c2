using System.Text.RegularExpressions;

namespace Rlhf.ModelHub;

/// <summary>A model on the hub: its repository and a revision of it.</summary>
/// <param name="Repository">"owner/name", or "name" for the hub's oldest models.</param>
/// <param name="Revision">A branch, a tag or a commit.</param>
public sealed partial record HubModelId(string Repository, string Revision)
{
    /// <summary>The revision that is meant where none is named.</summary>
    public const string DefaultRevision = "main";

    private const string Scheme = "hf:";
    private const int MaxLength = 200;

    /// <summary>Reads "owner/name", "owner/name@revision", or either after "hf:", where the owner may be left out.</summary>
    /// <returns>Null where the text is something else, such as a path.</returns>
    public static HubModelId? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var hasScheme = text.StartsWith(Scheme, StringComparison.Ordinal);
        var match = Pattern().Match(hasScheme ? text[Scheme.Length..] : text);
        var (repository, revision) = (match.Groups["repository"].Value, match.Groups["revision"].Value);
        return match.Success && text.Length <= MaxLength && (hasScheme || repository.Contains('/', StringComparison.Ordinal)) && !HasDots(repository) && !HasDots(revision)
            ? new HubModelId(repository, revision.Length > 0 ? revision : DefaultRevision)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Revision == DefaultRevision ? Repository : $"{Repository}@{Revision}";

    // Both become names of folders and files.
    private static bool HasDots(string name) => name.Contains("..", StringComparison.Ordinal);

    [GeneratedRegex(@"^(?<repository>(\w[\w.-]*/)?\w[\w.-]*)(@(?<revision>\w[\w.-]*(/[\w.-]+)*))?\z", RegexOptions.ECMAScript)]
    private static partial Regex Pattern();
}
