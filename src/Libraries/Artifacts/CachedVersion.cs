using Rlhf.V1;

namespace Rlhf.Artifacts;

/// <summary>A published version whose files are all on this machine.</summary>
/// <param name="Version">What the Learner says of it.</param>
/// <param name="Folder">Absolute path of a folder that holds the version's files under their names. Read it, never write it.</param>
public sealed record CachedVersion(ModelVersion Version, string Folder);
