namespace Rlhf.Coordinator.Feedback;

/// <summary>What a labeller may say about two answers.</summary>
internal enum Verdict
{
    /// <summary>The one shown first is better.</summary>
    First,

    /// <summary>The one shown second is better.</summary>
    Second,

    /// <summary>Equally good.</summary>
    Tie,

    /// <summary>Neither is any good.</summary>
    BothBad,

    /// <summary>Can't or won't say; somebody else may.</summary>
    Skip,

    /// <summary>Nobody should see this pair; a lead should.</summary>
    Flag,
}
