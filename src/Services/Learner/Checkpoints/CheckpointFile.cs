namespace Rlhf.Learner.Checkpoints;

/// <summary>A file of a checkpoint as it was written.</summary>
/// <param name="Sha256">Of its content, in lower-case hexadecimal.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record CheckpointFile(string Sha256, long Bytes);
