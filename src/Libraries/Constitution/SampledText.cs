using System.Diagnostics.CodeAnalysis;

namespace Rlhf.Constitution;

/// <summary>Reads what a model sampled.</summary>
public static class SampledText
{
    /// <summary>A critique, revision or answer: cut where the next role mark begins, then trimmed.</summary>
    /// <param name="sampled">As sampled.</param>
    /// <param name="text">The text; null when nothing is left.</param>
    /// <returns>False when nothing is left: a failure, for which there is no substitute.</returns>
    public static bool TryRead(string sampled, [NotNullWhen(true)] out string? text)
    {
        ArgumentNullException.ThrowIfNull(sampled);
        // A sample may itself begin with a mark's "Human:" when the line breaks before it were trimmed away.
        var padded = "\n\n" + sampled.ReplaceLineEndings("\n").TrimStart();
        var end = RoleMarks.All.Select(mark => padded.IndexOf(mark, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(padded.Length).Min();
        text = padded[..end].Trim();
        if (text.Length == 0)
        {
            text = null;
        }

        return text is not null;
    }

    /// <summary>The label of a judge that was sampled: "A", "(A)", "A.", "Option A" and the like, nothing else.</summary>
    /// <param name="sampled">As sampled.</param>
    /// <param name="namesFirst">True for A, false for B.</param>
    /// <returns>False when the text is anything else: a failure, never a coin toss.</returns>
    public static bool TryReadLabel(string sampled, out bool namesFirst)
    {
        ArgumentNullException.ThrowIfNull(sampled);
        var word = sampled.Trim(' ', '\n', '\r', '*', '"');
        if (word.StartsWith("Option ", StringComparison.OrdinalIgnoreCase))
        {
            word = word["Option ".Length..];
        }

        word = word.Trim('(', ')', '.', ' ');
        namesFirst = word is "A" or "a";
        return namesFirst || word is "B" or "b";
    }
}
