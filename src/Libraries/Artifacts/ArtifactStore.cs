using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Rlhf.V1;

namespace Rlhf.Artifacts;

/// <summary>
/// Files addressed by the SHA-256 of their content, under <c>root/sha256/ab/abcd…</c>. A content appears under its address in
/// one step, complete and written through to the disk, or not at all; it never changes afterwards. Several processes may use one root.
/// </summary>
public sealed class ArtifactStore
{
    private const int BufferBytes = 1 << 20;
    private const int ChunkBytes = 256 << 10; // well below gRPC's smallest message limit of 4 MiB
    private static readonly TimeSpan s_abandonedAfter = TimeSpan.FromDays(1);
    private readonly string _contents;

    /// <summary>Opens the store, and makes its folder if there is none.</summary>
    /// <exception cref="IOException">The folder can't be made.</exception>
    public ArtifactStore(string root)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        Root = Path.GetFullPath(root);
        _contents = Path.Combine(Root, "sha256");
        PartialFolder = Path.Combine(Root, "partial");
        Directory.CreateDirectory(_contents);
        Directory.CreateDirectory(PartialFolder);
        DeleteAbandoned();
    }

    /// <summary>The store's folder, as an absolute path.</summary>
    public string Root { get; }

    /// <summary>Where contents wait until they are complete; on the same disk as their address, so that a rename is enough.</summary>
    internal string PartialFolder { get; }

    /// <summary>Whether the content is here.</summary>
    /// <exception cref="ArgumentException">Not a digest.</exception>
    public bool Contains(string sha256) => File.Exists(PathOf(sha256));

    /// <summary>Where the content is, or would be. Read it, never write it.</summary>
    /// <exception cref="ArgumentException">Not a digest.</exception>
    public string PathOf(string sha256)
    {
        Sha256Digest.Require(sha256);
        return Path.Combine(_contents, sha256[..2], sha256);
    }

    /// <summary>Opens a content for reading.</summary>
    /// <exception cref="ArgumentException">Not a digest.</exception>
    /// <exception cref="FileNotFoundException">The content is not here.</exception>
    public FileStream OpenRead(string sha256)
    {
        var path = PathOf(sha256);
        return File.Exists(path)
            ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, BufferBytes, useAsync: true)
            : throw new FileNotFoundException($"No artifact {sha256} in '{Root}'.", path);
    }

    /// <summary>Reads a content from <paramref name="offset"/> to its end, in the pieces that <c>LearningService.Download</c> sends.</summary>
    /// <exception cref="ArgumentException">Not a digest, or the offset lies outside the content.</exception>
    /// <exception cref="FileNotFoundException">The content is not here.</exception>
    public async IAsyncEnumerable<DownloadChunk> ReadAsync(
        string sha256, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var content = OpenRead(sha256);
        if (offset < 0 || offset > content.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"Artifact {sha256} has {content.Length} bytes.");
        }
        content.Position = offset;
        var buffer = new byte[ChunkBytes];
        while (await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken) is > 0 and var read)
        {
            yield return new DownloadChunk { Data = ByteString.CopyFrom(buffer, 0, read) };
        }
    }

    /// <summary>Stores a content; storing it again changes nothing.</summary>
    /// <exception cref="ArtifactStoreException">The disk is full.</exception>
    public async Task<StoredArtifact> AddAsync(Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        var partial = Path.Combine(PartialFolder, $"{Guid.NewGuid():N}.tmp");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            long size = 0;
            await using (var file = new FileStream(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                while (await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken) is > 0 and var read)
                {
                    hash.AppendData(buffer, 0, read);
                    await WriteAsync(file, buffer.AsMemory(0, read), cancellationToken);
                    size += read;
                }
                FlushToDisk(file);
            }
            var sha256 = Sha256Digest.Finish(hash);
            Publish(partial, sha256);
            return new StoredArtifact(sha256, size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            File.Delete(partial); // still there only when something failed
        }
    }

    /// <summary>Stores a copy of a file.</summary>
    /// <exception cref="ArtifactStoreException">The disk is full.</exception>
    public async Task<StoredArtifact> AddFileAsync(string path, CancellationToken cancellationToken)
    {
        await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        return await AddAsync(content, cancellationToken);
    }

    /// <summary>Stores a copy of every file below a folder, and returns them as <c>ModelVersion.files</c> names them, sorted by name.</summary>
    /// <exception cref="ArgumentException">A file's name would not be safe on another machine.</exception>
    /// <exception cref="ArtifactStoreException">The disk is full.</exception>
    public async Task<IReadOnlyList<ArtifactFile>> AddFolderAsync(string folder, CancellationToken cancellationToken)
    {
        var files = new List<ArtifactFile>();
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = ArtifactFileName.Require(Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/'));
            var stored = await AddFileAsync(path, cancellationToken);
            files.Add(new ArtifactFile { Name = name, Sha256 = stored.Sha256, SizeBytes = stored.SizeBytes });
        }
        return files;
    }

    /// <summary>Gives a complete file on this disk its address.</summary>
    internal void Publish(string completeFile, string sha256)
    {
        var path = PathOf(sha256);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? _contents);
            File.Move(completeFile, path, overwrite: true); // the same content, so it doesn't matter who was first
        }
        catch (IOException exception) when (DiskFull.Is(exception))
        {
            throw DiskFull.Describe(Root, exception);
        }
    }

    internal async ValueTask WriteAsync(FileStream file, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        try
        {
            await file.WriteAsync(data, cancellationToken);
        }
        catch (IOException exception) when (DiskFull.Is(exception))
        {
            throw DiskFull.Describe(Root, exception);
        }
    }

    internal void FlushToDisk(FileStream file)
    {
        try
        {
            file.Flush(flushToDisk: true);
        }
        catch (IOException exception) when (DiskFull.Is(exception))
        {
            throw DiskFull.Describe(Root, exception);
        }
    }

    // What a killed process left behind. Younger files may belong to a process at work.
    private void DeleteAbandoned()
    {
        foreach (var file in new DirectoryInfo(PartialFolder).EnumerateFiles("*.tmp"))
        {
            if (DateTime.UtcNow - file.LastWriteTimeUtc > s_abandonedAfter)
            {
                file.Delete();
            }
        }
    }
}
