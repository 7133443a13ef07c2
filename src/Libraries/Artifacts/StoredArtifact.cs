namespace Rlhf.Artifacts;

/// <summary>A content in the store.</summary>
/// <param name="Sha256">Lower-case hexadecimal SHA-256 of the content: its address.</param>
/// <param name="SizeBytes">Length of the content.</param>
public sealed record StoredArtifact(string Sha256, long SizeBytes);
