namespace Rlhf.Coordinator.Feedback;

/// <summary>What a secret is good for.</summary>
internal enum CredentialKind
{
    /// <summary>Exchanged for a session, once.</summary>
    Invite,

    /// <summary>A person's browser or client, for a time.</summary>
    Session,

    /// <summary>A program, until it is revoked.</summary>
    Token,
}
