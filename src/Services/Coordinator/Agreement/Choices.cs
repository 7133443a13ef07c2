namespace Rlhf.Coordinator.Agreement;

/// <summary>Preferences as choices.</summary>
internal static class Choices
{
    /// <summary>How many choices there are.</summary>
    public const int Count = 3;

    // A judge never says exactly one half; the reward model's report calls a pair clear beyond this, too. A person's slightest preference is 0.18 away.
    private const double Clear = 0.1;

    /// <summary>The choice of a probability that A is better.</summary>
    public static Choice Of(double preferenceA) => (preferenceA - 0.5) switch
    {
        > Clear => Choice.A,
        < -Clear => Choice.B,
        _ => Choice.Neither,
    };
}
