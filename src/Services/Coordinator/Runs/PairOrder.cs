namespace Rlhf.Coordinator.Runs;

/// <summary>Which pair people get next.</summary>
internal enum PairOrder
{
    /// <summary>Random two of each prompt's answers, then two others of each, and so on.</summary>
    Spread,

    /// <summary>Random two of each prompt's answers, then those pairs whose order the labels so far leave most uncertain.</summary>
    Uncertain,
}
