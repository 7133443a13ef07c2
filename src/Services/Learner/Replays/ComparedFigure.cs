namespace Rlhf.Learner.Replays;

/// <summary>A number or a file of a step, as it was logged and as it was recomputed.</summary>
/// <param name="Name">The figure's or the file's.</param>
/// <param name="Logged">As text that tells the last bit; null when it was not logged.</param>
/// <param name="Recomputed">The same now; null when it was not recomputed.</param>
internal sealed record ComparedFigure(string Name, string? Logged, string? Recomputed)
{
    /// <summary>Whether it came out the same to the bit.</summary>
    public bool IsEqual => Logged is not null && Logged == Recomputed;
}
