namespace Rlhf.Learner.Checkpoints;

/// <summary>A checkpoint that was found whole.</summary>
/// <param name="Number">Updates or steps done.</param>
/// <param name="Folder">Where its files lie, until it is pruned.</param>
/// <param name="Manifest">What it was written as.</param>
internal sealed record Checkpoint(long Number, string Folder, CheckpointManifest Manifest)
{
    /// <summary>The path of one of its files.</summary>
    /// <exception cref="InvalidDataException">It has no such file.</exception>
    public string PathOf(string name) => Manifest.Files.ContainsKey(name)
        ? Path.Combine(Folder, name)
        : throw new InvalidDataException($"The checkpoint {Folder} has no {name}; it was written by another version of this program.");
}
