namespace Rlhf.Learner.Checkpoints;

/// <summary>Which numbered checkpoints stay when a new one has been written.</summary>
/// <param name="KeepNewest">So many stay always.</param>
/// <param name="KeepEvery">Multiples of it stay too, and the number before each: a step is replayed from its predecessor. 0 keeps none.</param>
/// <param name="MaxBytes">The most that all together may take; the oldest go first.</param>
internal sealed record CheckpointPolicy(int KeepNewest, int KeepEvery, long MaxBytes)
{
    /// <summary>The numbers that go.</summary>
    /// <param name="checkpoints">All there are, with their sizes in bytes, in any order.</param>
    public IReadOnlyList<long> Superfluous(IReadOnlyDictionary<long, long> checkpoints)
    {
        var superfluous = new List<long>();
        var bytes = 0L;
        var isFull = false;
        foreach (var (rank, number) in checkpoints.Keys.OrderDescending().Index())
        {
            bytes += checkpoints[number];
            isFull |= bytes > MaxBytes;
            if (rank >= KeepNewest && (isFull || !IsRegular(number)))
            {
                superfluous.Add(number);
                bytes -= checkpoints[number];
            }
        }

        return superfluous;
    }

    private bool IsRegular(long number) => KeepEvery > 0 && (number % KeepEvery == 0 || (number + 1) % KeepEvery == 0);
}
