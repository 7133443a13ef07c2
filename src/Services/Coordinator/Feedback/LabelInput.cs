namespace Rlhf.Coordinator.Feedback;

/// <summary>A label as it is handed in.</summary>
/// <param name="Verdict">About the order that was shown.</param>
/// <param name="Strength">1 (slightly) to 4 (much) where the verdict names an answer; 0 otherwise.</param>
/// <param name="Reason">May be empty.</param>
/// <param name="ElapsedMs">Time at work on the pair.</param>
internal sealed record LabelInput(Verdict Verdict, int Strength, string Reason, long ElapsedMs)
{
    /// <summary>Characters of a reason.</summary>
    public const int MaxReasonLength = 2000;

    /// <summary>A day: longer than any lease.</summary>
    public const long MaxElapsedMs = 24 * 60 * 60 * 1000;

    /// <summary>Checks the bounds.</summary>
    /// <exception cref="ArgumentException">A value is out of them.</exception>
    public void Check()
    {
        if (!Enum.IsDefined(Verdict))
        {
            throw new ArgumentException("name a verdict: first, second, tie, both bad, skip or flag", "verdict");
        }

        var namesAnswer = Verdict is Verdict.First or Verdict.Second;
        if (namesAnswer && Strength is < PreferenceScale.MinStrength or > PreferenceScale.MaxStrength)
        {
            throw new ArgumentException(
                $"the strength is {Strength}; with a verdict for one answer it is {PreferenceScale.MinStrength} (slightly) to {PreferenceScale.MaxStrength} (much)", "strength");
        }

        if (!namesAnswer && Strength != 0)
        {
            throw new ArgumentException($"the strength is {Strength}; only a verdict for one answer has a strength, leave it at 0", "strength");
        }

        if (Reason.Length > MaxReasonLength)
        {
            throw new ArgumentException($"the reason has {Reason.Length} characters; the most are {MaxReasonLength}", "reason");
        }

        if (ElapsedMs is < 0 or > MaxElapsedMs)
        {
            throw new ArgumentException($"the elapsed time is {ElapsedMs} ms; it is 0 to {MaxElapsedMs}", "elapsed_ms");
        }
    }
}
