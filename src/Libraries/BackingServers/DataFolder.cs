namespace Rlhf.BackingServers;

/// <summary>A server's folder: kept when the caller chose it, deleted with the server when it is temporary.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly bool _isTemporary;

    public DataFolder(string? chosen, string name)
    {
        _isTemporary = chosen is null;
        Path = chosen is null ? Directory.CreateTempSubdirectory($"rlhf-{name}-").FullName : Directory.CreateDirectory(chosen).FullName;
    }

    public string Path { get; }

    public void Dispose()
    {
        if (_isTemporary && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
