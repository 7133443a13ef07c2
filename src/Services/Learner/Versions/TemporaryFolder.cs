namespace Rlhf.Learner.Versions;

/// <summary>A folder for as long as it is needed.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(string path)
    {
        Path = path;
        Directory.CreateDirectory(path);
    }

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
