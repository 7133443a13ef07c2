namespace Rlhf.Coordinator.Feedback;

/// <summary>
/// How a verdict becomes a preference: the probability that an answer is better, which ratings and reward models learn from.
/// The strengths are evenly spaced on the scale of log-odds and end at 3, the largest margin that Llama 2 (arXiv:2307.09288,
/// section 3.2.2) asks of two scores whose answers were "significantly" apart: P = σ(¾ · strength), which is .68, .82, .90 and .95.
/// </summary>
internal static class PreferenceScale
{
    /// <summary>The slightest preference.</summary>
    public const int MinStrength = 1;

    /// <summary>The strongest preference.</summary>
    public const int MaxStrength = 4;

    private const double LogOddsPerStep = 0.75;

    /// <summary>Probability that the answer shown first is better; null where the verdict says nothing about it.</summary>
    public static double? PreferenceFirst(Verdict verdict, int strength) => verdict switch
    {
        Verdict.First => Probability(strength),
        Verdict.Second => 1 - Probability(strength),
        Verdict.Tie or Verdict.BothBad => 0.5,
        _ => null,
    };

    private static double Probability(int strength) => 1 / (1 + Math.Exp(-LogOddsPerStep * strength));
}
