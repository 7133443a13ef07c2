namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>How refusals of files are worded: one sentence that names the file, what is wrong with it and what to do.</summary>
internal static class MalformedFile
{
    private const int MaxQuoted = 80;

    /// <summary>The refusal of a file that a whole copy would mend.</summary>
    public static InvalidDataException Because(string path, string reason, Exception? cause = null) =>
        new($"{path}: {reason}; download or save the file again.", cause);

    /// <summary>A string of the file, fit for a message: of bounded length, on one line, in quotes.</summary>
    public static string Quote(string? text)
    {
        text ??= "null";
        var shown = text.Length <= MaxQuoted ? text : string.Concat(text.AsSpan(0, MaxQuoted), "…");
        return $"\"{string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' ? '\uFFFD' : c))}\"";
    }
}
