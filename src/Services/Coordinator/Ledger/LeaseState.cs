namespace Rlhf.Coordinator.Ledger;

/// <summary>What became of a lease.</summary>
internal enum LeaseState
{
    /// <summary>Its label is awaited.</summary>
    Open,

    /// <summary>It has its label.</summary>
    Labelled,

    /// <summary>Nobody labelled it in time, and the pair went back.</summary>
    Returned,

    /// <summary>Its label was undone; another lease stands in its place.</summary>
    Undone,
}
