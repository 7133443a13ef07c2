using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>Two responses to a prompt, one preferred.</summary>
/// <param name="Prompt">What both answer.</param>
/// <param name="Chosen">The preferred one; not empty, and not the same as the other.</param>
/// <param name="Rejected">The other.</param>
public sealed record PreferenceRow(Prompt Prompt, string Chosen, string Rejected)
{
    /// <summary>How much better the chosen one is, as raters gave it; null where the file does not say.</summary>
    public double? Margin { get; init; }

    /// <summary>Probability that the chosen one is better, 0 to 1.</summary>
    public double Preference { get; init; } = 1;
}
