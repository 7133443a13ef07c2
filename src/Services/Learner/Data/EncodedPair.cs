namespace Rlhf.Learner.Data;

/// <summary>Two responses to one prompt, and which is better.</summary>
/// <param name="A">Prompt and first response.</param>
/// <param name="B">Prompt and second response.</param>
/// <param name="PreferenceA">Probability that A is better, 0 to 1.</param>
/// <param name="IsHeldOut">Whether the pair is only measured on.</param>
internal sealed record EncodedPair(EncodedExample A, EncodedExample B, double PreferenceA, bool IsHeldOut)
{
    /// <summary>How far the better response's score is to be above the other's, in log odds; 0 or more.</summary>
    public double Margin { get; init; }

    /// <summary>Which of the sources of a mixture the pair comes from; empty where there is one.</summary>
    public string Source { get; init; } = "";
}
