namespace Rlhf.ModelHub;

/// <summary>A file of a repository, as the hub announces it.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Checksum">SHA-256 (64 digits) of a large file, or git's SHA-1 of a blob (40 digits); also the file's name in the cache.</param>
/// <param name="Size">Its bytes.</param>
internal sealed record HubFile(string Name, string Checksum, long Size);
