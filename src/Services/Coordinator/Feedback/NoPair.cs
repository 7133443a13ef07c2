namespace Rlhf.Coordinator.Feedback;

/// <summary>Why there is no pair for a labeller.</summary>
internal enum NoPair
{
    /// <summary>The run is not at its comparisons yet.</summary>
    NotYet,

    /// <summary>The run is paused.</summary>
    Paused,

    /// <summary>The goal is met, or a lead ended the stage.</summary>
    Ended,

    /// <summary>What is left is with other labellers, or this one has seen it; a pair may come back.</summary>
    NothingLeft,

    /// <summary>The labeller has as many pairs open as one may.</summary>
    TooManyOpen,
}
