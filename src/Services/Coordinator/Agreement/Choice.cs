namespace Rlhf.Coordinator.Agreement;

/// <summary>What a comparison comes to, whatever its strength and the order in which the answers stood.</summary>
internal enum Choice
{
    /// <summary>Answer A is better.</summary>
    A,

    /// <summary>Answer B is better.</summary>
    B,

    /// <summary>Neither: a tie, or both bad.</summary>
    Neither,
}
