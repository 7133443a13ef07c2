namespace Rlhf.ModelHub;

/// <summary>One model in the Python client's cache: models--owner--name/{blobs, refs, snapshots/COMMIT}.</summary>
internal sealed class HubCache(HubModelId model, string cachePath)
{
    private const int CommitDigits = 40;

    private readonly string _folder = Path.Combine(cachePath, "models--" + model.Repository.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>Whether a revision is a commit, which never changes.</summary>
    public static bool IsCommit(string revision) => revision.Length == CommitDigits && revision.All(char.IsAsciiHexDigitLower);

    /// <summary>The folder of a commit's files.</summary>
    public string SnapshotOf(string commit) => Path.Combine(_folder, "snapshots", commit);

    /// <summary>Where a file's bytes are kept.</summary>
    public string BlobOf(HubFile file) => Path.Combine(_folder, "blobs", file.Checksum);

    /// <summary>The commit that the revision was when it was last downloaded, or null.</summary>
    public string? KnownCommit()
    {
        if (IsCommit(model.Revision))
        {
            return model.Revision;
        }

        var path = RefPath();
        return File.Exists(path) && File.ReadAllText(path).Trim() is var commit && IsCommit(commit) ? commit : null;
    }

    /// <summary>The snapshot of the known commit, if all files that a model needs are there.</summary>
    public string? CompleteSnapshot() =>
        KnownCommit() is { } commit && ModelFiles.AreComplete(SnapshotOf(commit)) ? SnapshotOf(commit) : null;

    /// <summary>Whether a commit's file is there.</summary>
    public bool Has(string commit, string name) => File.Exists(Path.Combine(SnapshotOf(commit), name));

    /// <summary>Puts a blob into a commit's folder: as a link, or as a copy where links can't be made.</summary>
    public void Link(string commit, HubFile file)
    {
        var path = Path.Combine(SnapshotOf(commit), file.Name);
        Directory.CreateDirectory(SnapshotOf(commit));
        File.Delete(path); // a link to a blob that is gone
        try
        {
            File.CreateSymbolicLink(path, Path.Combine("..", "..", "blobs", file.Checksum));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException && OperatingSystem.IsWindows())
        {
            File.Copy(BlobOf(file), path);
        }
    }

    /// <summary>Notes what the revision is now.</summary>
    public void Remember(string commit)
    {
        if (!IsCommit(model.Revision))
        {
            var path = RefPath();
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? _folder);
            File.WriteAllText(path + ".new", commit);
            File.Move(path + ".new", path, overwrite: true);
        }
    }

    private string RefPath() => Path.Combine(_folder, "refs", Path.Combine(model.Revision.Split('/')));
}
