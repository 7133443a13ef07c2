using System.Net;

namespace Rlhf.ModelHub;

/// <summary>Brings one file into the cache: goes on where an earlier try ended, and lets nothing in whose checksum is wrong.</summary>
internal sealed class FileDownload(HubModelId model, HubOptions options, HubConnection connection, HubRepository repository, HubCache cache)
{
    private const int BufferLength = 1 << 18;

    /// <summary>Downloads the file, unless its blob is there.</summary>
    /// <param name="progress">Told of the file's bytes so far.</param>
    /// <exception cref="HubException">It can't be had; what has come stays for the next try.</exception>
    public async Task RunAsync(string commit, HubFile file, Action<long> progress, CancellationToken cancellationToken)
    {
        var blob = cache.BlobOf(file);
        Directory.CreateDirectory(Path.GetDirectoryName(blob) ?? blob);
        if (!File.Exists(blob))
        {
            var partial = blob + ".incomplete";
            var wasBegun = File.Exists(partial);
            if (!await FetchAsync(commit, file, partial, progress, cancellationToken)
                && !(wasBegun && await FetchAsync(commit, file, partial, progress, cancellationToken))) // an old beginning may have been bad
            {
                throw new HubException($"{file.Name} of {model} came with another checksum than {options.Endpoint} announced; try again, and use another endpoint if it stays so.");
            }

            File.Move(partial, blob, overwrite: true);
        }

        progress(file.Size);
        cache.Link(commit, file);
    }

    // False, and nothing is left behind, where the checksum is wrong.
    private async Task<bool> FetchAsync(string commit, HubFile file, string partial, Action<long> progress, CancellationToken cancellationToken)
    {
        await using (var to = Open(partial))
        {
            for (var failures = 0; to.Length != file.Size || file.Size == 0;)
            {
                var before = to.Length;
                try
                {
                    await ReadOnAsync(commit, file, to, progress, cancellationToken);
                    break;
                }
                catch (Exception e) when (e is HttpRequestException or TimeoutException or EndOfStreamException)
                {
                    failures = to.Length > before ? 1 : failures + 1; // what moves, however slowly, is not given up
                    if (failures > options.MaxRetries)
                    {
                        throw new HubException($"The download of {file.Name} of {model} ended after {to.Length} of {file.Size} bytes ({e.Message.TrimEnd('.')}); start again to go on from there.", e);
                    }

                    await Task.Delay(options.RetryDelay * (1 << (failures - 1)), cancellationToken);
                }
            }
        }

        if (await Checksum.FitsAsync(partial, file.Checksum, cancellationToken))
        {
            return true;
        }

        File.Delete(partial);
        return false;
    }

    private async Task ReadOnAsync(string commit, HubFile file, FileStream to, Action<long> progress, CancellationToken cancellationToken)
    {
        using var response = await repository.OpenAsync(commit, file, to.Length, cancellationToken);
        if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != to.Length)
        {
            to.SetLength(0); // the whole file comes, or what is here is longer than it
        }

        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            throw new EndOfStreamException("the part downloaded before did not fit");
        }

        to.Position = to.Length;
        await using var from = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[BufferLength];
        for (int read; (read = await connection.ReadAsync(from, buffer, cancellationToken)) > 0;)
        {
            if (to.Length + read > file.Size)
            {
                to.SetLength(0);
                throw new EndOfStreamException("more bytes came than were announced");
            }

            await to.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            progress(to.Length);
        }

        if (to.Length < file.Size)
        {
            throw new EndOfStreamException("the connection was cut");
        }
    }

    // Held open alone: a second process must not write into the same file.
    private FileStream Open(string partial)
    {
        try
        {
            return new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(partial))
        {
            throw new HubException($"Another process is downloading {model} ({partial} is in use); wait until it is done.", e);
        }
    }
}
