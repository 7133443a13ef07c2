namespace Rlhf.Coordinator.Feedback;

/// <summary>What an account may do; each role may all that the ones before it may.</summary>
internal enum LabellerRole
{
    /// <summary>See progress and the guidelines.</summary>
    Viewer,

    /// <summary>Label.</summary>
    Labeller,

    /// <summary>Invite, list and revoke others, and end a stage before its goal is met.</summary>
    Lead,
}
