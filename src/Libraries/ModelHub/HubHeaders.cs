namespace Rlhf.ModelHub;

/// <summary>Headers of the hub's answers.</summary>
internal static class HubHeaders
{
    /// <summary>SHA-256 of a large file, whose bytes another host serves.</summary>
    public const string LinkedTag = "X-Linked-Etag";

    /// <summary>Its bytes.</summary>
    public const string LinkedSize = "X-Linked-Size";

    /// <summary>What a refusal is about: RepoNotFound, RevisionNotFound, EntryNotFound, GatedRepo.</summary>
    public const string ErrorCode = "X-Error-Code";

    /// <summary>A header's only value, or null.</summary>
    public static string? Value(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
