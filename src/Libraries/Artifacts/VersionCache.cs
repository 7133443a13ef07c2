using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Rlhf.V1;

namespace Rlhf.Artifacts;

/// <summary>
/// The published versions that this machine has used, fetched from the Learner once. Callers who ask for one version at the same
/// time share one download; several processes may share the folder. "base" is not published and isn't found here.
/// </summary>
public sealed class VersionCache : IDisposable
{
    private readonly ArtifactStore _store;
    private readonly LearningService.LearningServiceClient _learner;
    private readonly string _folders;
    private readonly ConcurrentDictionary<string, Lazy<Task<CachedVersion>>> _versions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _disposed = new();

    /// <summary>Opens the cache under <paramref name="root"/>, and makes its folder if there is none.</summary>
    /// <exception cref="IOException">The folder can't be made.</exception>
    public VersionCache(string root, LearningService.LearningServiceClient learner)
    {
        _store = new ArtifactStore(root);
        _learner = learner;
        _folders = Path.Combine(_store.Root, "versions");
        Directory.CreateDirectory(_folders);
    }

    /// <summary>Returns the version when all its files are here and their hashes are right; a broken download goes on where it stopped.</summary>
    /// <param name="versionId">The id under which the Learner published it.</param>
    /// <param name="cancellationToken">Ends this caller's wait, not the download that others may wait for.</param>
    /// <exception cref="Grpc.Core.RpcException">The Learner can't be reached (UNAVAILABLE) or has no such version (NOT_FOUND).</exception>
    /// <exception cref="ArtifactStoreException">The disk is full, or the Learner's files don't match their hashes.</exception>
    /// <exception cref="ArgumentException">The version names a file outside its folder, or two files alike.</exception>
    public async Task<CachedVersion> GetAsync(string versionId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(versionId);
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        var shared = _versions.GetOrAdd(versionId, id => new Lazy<Task<CachedVersion>>(() => FetchAsync(id, _disposed.Token)));
        return await shared.Value.WaitAsync(cancellationToken);
    }

    /// <summary>Ends the downloads under way; what has come stays for the next time.</summary>
    public void Dispose()
    {
        if (!_disposed.IsCancellationRequested)
        {
            _disposed.Cancel();
            _disposed.Dispose();
        }
    }

    private async Task<CachedVersion> FetchAsync(string versionId, CancellationToken cancellationToken)
    {
        var isFetched = false;
        try
        {
            var version = await _learner.GetVersionAsync(new GetVersionRequest { VersionId = versionId }, cancellationToken: cancellationToken);
            RequireDistinctNames(version);
            foreach (var file in version.Files)
            {
                await new ArtifactDownload(_store, _learner, file).RunAsync(cancellationToken);
            }
            var cached = new CachedVersion(version, MakeFolder(version));
            isFetched = true;
            return cached;
        }
        finally
        {
            if (!isFetched)
            {
                _versions.TryRemove(versionId, out _); // the next caller tries again
            }
        }
    }

    private static void RequireDistinctNames(ModelVersion version)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase); // as some file systems see them
        foreach (var file in version.Files)
        {
            if (!names.Add(ArtifactFileName.Require(file.Name)))
            {
                throw new ArgumentException($"Version '{version.VersionId}' has two files named '{file.Name}'.", nameof(version));
            }
        }
    }

    /// <summary>Makes the folder beside its place and moves it there, so that another process sees all of it or nothing.</summary>
    private string MakeFolder(ModelVersion version)
    {
        var folder = Path.Combine(_folders, FolderName(version));
        if (Directory.Exists(folder))
        {
            return folder;
        }
        var temporary = Path.Combine(_store.PartialFolder, $"{Guid.NewGuid():N}.folder");
        try
        {
            Directory.CreateDirectory(temporary);
            foreach (var file in version.Files)
            {
                var path = Path.Combine(temporary, file.Name);
                Directory.CreateDirectory(Path.GetDirectoryName(path) ?? temporary);
                HardLink.CreateOrCopy(_store.PathOf(file.Sha256), path);
            }
            Directory.Move(temporary, folder);
        }
        catch (IOException exception) when (DiskFull.Is(exception))
        {
            Directory.Delete(temporary, recursive: true);
            throw DiskFull.Describe(_store.Root, exception);
        }
        catch (IOException) when (Directory.Exists(folder)) // another process was first
        {
            Directory.Delete(temporary, recursive: true);
        }
        return folder;
    }

    // Named after the id, for people, and after the content, so that an id that was published anew gets a new folder.
    private static string FolderName(ModelVersion version)
    {
        var content = new StringBuilder(version.VersionId);
        foreach (var file in version.Files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            content.Append('\n').Append(file.Name).Append('\n').Append(file.Sha256);
        }
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content.ToString())));
        var readable = string.Concat(version.VersionId.Take(60).Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '_'));
        return $"{readable}-{hash[..16]}";
    }
}
