namespace Rlhf.Coordinator.Ledger;

/// <summary>Whether a pair may go to somebody.</summary>
internal enum PairState
{
    /// <summary>Fewer people have or had it than are meant to.</summary>
    Available,

    /// <summary>As many as are meant to.</summary>
    Taken,

    /// <summary>Somebody flagged it: nobody gets it any more.</summary>
    Flagged,
}
