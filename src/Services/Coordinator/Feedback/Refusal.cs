namespace Rlhf.Coordinator.Feedback;

/// <summary>Why a call of people's feedback is refused.</summary>
internal enum Refusal
{
    /// <summary>There is nothing of that id.</summary>
    NotFound,

    /// <summary>The caller's role, or whose lease it is, forbids it.</summary>
    Forbidden,

    /// <summary>It can't be done as things stand now.</summary>
    NotNow,

    /// <summary>There is such a thing already.</summary>
    Exists,
}
