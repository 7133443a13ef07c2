namespace Rlhf.Coordinator.Ledger;

/// <summary>Whether people may label.</summary>
internal enum LabellingState
{
    /// <summary>They may.</summary>
    Open,

    /// <summary>The run is paused; they may when it goes on.</summary>
    Paused,

    /// <summary>The goal is met, or a lead has ended it.</summary>
    Ended,
}
