namespace Rlhf.Coordinator.Feedback;

/// <summary>A new secret, told this once: the ledger keeps its hash only.</summary>
/// <param name="LabellerId">Whose it is.</param>
/// <param name="Secret">The invitation's code, the session or the token.</param>
/// <param name="ExpiresUnixMs">Until when; null: until it is revoked.</param>
internal sealed record IssuedSecret(string LabellerId, string Secret, long? ExpiresUnixMs);
