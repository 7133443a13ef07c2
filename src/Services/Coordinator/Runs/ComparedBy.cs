namespace Rlhf.Coordinator.Runs;

/// <summary>Who compares.</summary>
internal enum ComparedBy
{
    /// <summary>The AI judge.</summary>
    Judge,

    /// <summary>People, or programs in their place, through the labelling page or the feedback service.</summary>
    People,

    /// <summary>The judge where a prompt asks for something harmful, people where it doesn't or nobody knows.</summary>
    Mixed,

    /// <summary>Nobody: the comparisons are in a file beside the run file.</summary>
    File,

    /// <summary>Nobody: the comparisons were imported into the ledger before.</summary>
    Import,
}
