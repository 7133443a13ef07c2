using Rlhf.Coordinator.Feedback;

namespace Rlhf.Coordinator.Ledger;

/// <summary>A secret that stands for an account, by its hash: the secret itself is nowhere in the ledger.</summary>
internal sealed class CredentialRow
{
    /// <summary>SHA-256 of the secret, in hex. The secrets have 256 random bits, so nothing slower than a plain hash is needed.</summary>
    public required string Hash { get; init; }

    public required string LabellerId { get; init; }

    public required CredentialKind Kind { get; init; }

    public required long CreatedUnixMs { get; init; }

    /// <summary>Null: until it is revoked.</summary>
    public required long? ExpiresUnixMs { get; init; }

    /// <summary>When it was used up or revoked.</summary>
    public long? EndedUnixMs { get; set; }
}
