using System.Security.Cryptography;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Artifacts;

/// <summary>
/// Brings one content from the Learner into a store. The bytes gather in <c>partial/SHA256.part</c>, which its downloader holds
/// locked: a second process waits for the first, and one that finds the file of a process that died goes on where that stopped.
/// The partial file is renamed when it is right and emptied when it is wrong; it is deleted only when the content is in place,
/// so whoever gets the lock late sees the content before writing anything.
/// </summary>
internal sealed class ArtifactDownload(ArtifactStore store, LearningService.LearningServiceClient learner, ArtifactFile file)
{
    private const int MaxAttemptsWithoutProgress = 6; // waits of .1 + .2 + .4 + .8 + 1.6 s between them
    private static readonly TimeSpan s_firstRetryAfter = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_lockPoll = TimeSpan.FromMilliseconds(100);
    private readonly string _partialPath = Path.Combine(store.PartialFolder, $"{Sha256Digest.Require(file.Sha256)}.part");

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!store.Contains(file.Sha256))
        {
            await using var partial = TryLock();
            if (partial is null)
            {
                await Task.Delay(s_lockPoll, cancellationToken);
            }
            else if (store.Contains(file.Sha256)) // another process finished between the two looks
            {
                File.Delete(_partialPath);
            }
            else
            {
                await FetchAsync(partial, cancellationToken);
            }
        }
    }

    private async Task FetchAsync(FileStream partial, CancellationToken cancellationToken)
    {
        for (var wrongContents = 0; ;)
        {
            var sha256 = await CompleteAsync(partial, cancellationToken);
            if (sha256 == file.Sha256)
            {
                store.FlushToDisk(partial);
                store.Publish(_partialPath, file.Sha256);
                return;
            }
            partial.SetLength(0);
            if (++wrongContents == 2) // once may be the partial file of another time, twice is the sender
            {
                throw new ArtifactStoreException(
                    $"The content of '{file.Name}' does not match its SHA-256: {file.Sha256} was promised, {sha256} came. The Learner's artifact store is damaged; publish the version again.");
            }
        }
    }

    /// <summary>Appends to the partial file until it has the promised size, and returns the SHA-256 of the whole.</summary>
    private async Task<string> CompleteAsync(FileStream partial, CancellationToken cancellationToken)
    {
        if (partial.Length > file.SizeBytes)
        {
            partial.SetLength(0);
        }
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await AppendExistingAsync(partial, hash, cancellationToken);
        var attemptsLeft = MaxAttemptsWithoutProgress;
        var retryAfter = s_firstRetryAfter;
        while (partial.Length < file.SizeBytes)
        {
            var before = partial.Length;
            try
            {
                await AppendDownloadedAsync(partial, hash, cancellationToken);
                if (partial.Length == before)
                {
                    throw new ArtifactStoreException(
                        $"The Learner sent {partial.Length} of the {file.SizeBytes} bytes of '{file.Name}' ({file.Sha256}) and said that this is all. Its artifact store is damaged; publish the version again.");
                }
            }
            catch (RpcException exception) when (IsTransient(exception) && !cancellationToken.IsCancellationRequested)
            {
                (attemptsLeft, retryAfter) = partial.Length > before
                    ? (MaxAttemptsWithoutProgress, s_firstRetryAfter)
                    : (attemptsLeft - 1, retryAfter * 2);
                if (attemptsLeft == 0)
                {
                    throw;
                }
                await Task.Delay(retryAfter, cancellationToken);
            }
        }
        return Sha256Digest.Finish(hash);
    }

    private static async Task AppendExistingAsync(FileStream partial, IncrementalHash hash, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 16];
        partial.Position = 0;
        while (await partial.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
        }
    }

    private async Task AppendDownloadedAsync(FileStream partial, IncrementalHash hash, CancellationToken cancellationToken)
    {
        var request = new DownloadRequest { Sha256 = file.Sha256, Offset = partial.Length };
        using var call = learner.Download(request, cancellationToken: cancellationToken);
        await foreach (var chunk in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (partial.Length + chunk.Data.Length > file.SizeBytes)
            {
                throw new ArtifactStoreException(
                    $"The Learner sends more than the {file.SizeBytes} bytes that '{file.Name}' ({file.Sha256}) has. Its artifact store is damaged; publish the version again.");
            }
            await store.WriteAsync(partial, chunk.Data.Memory, cancellationToken);
            hash.AppendData(chunk.Data.Span);
        }
    }

    // Null while another process (or another cache of this one) holds the file.
    private FileStream? TryLock()
    {
        try
        {
            // Denies reading and writing to others. Windows renames an open file only when it is opened so.
            var share = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;
            return new FileStream(_partialPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, bufferSize: 0, useAsync: true);
        }
        catch (IOException exception) when (DiskFull.Is(exception))
        {
            throw DiskFull.Describe(store.Root, exception);
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    private static bool IsTransient(RpcException exception) =>
        exception.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Aborted
            or StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted or StatusCode.Cancelled;
}
