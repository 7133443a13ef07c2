namespace Rlhf.Coordinator.Agreement;

/// <summary>Preferences as choices.</summary>
internal static class Choices
{
    /// <summary>How many choices there are.</summary>
    public const int Count = 3;

    /// <summary>The choice of a probability that A is better.</summary>
    public static Choice Of(double preferenceA) => preferenceA switch
    {
        > 0.5 => Choice.A,
        < 0.5 => Choice.B,
        _ => Choice.Neither,
    };
}
