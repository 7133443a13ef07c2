namespace Rlhf.ModelHub;

/// <summary>Models of the Hugging Face Hub, in the cache that the Python client uses too.</summary>
public sealed class ModelHubClient(HubOptions options)
{
    /// <summary>The folder of a model's files, downloaded where they are not in the cache: configuration, tokenizer and safetensors only.</summary>
    /// <param name="model">Which.</param>
    /// <param name="progress">Told of each piece that comes.</param>
    /// <exception cref="HubException">The model can't be had; what was downloaded so far stays for the next try.</exception>
    public async Task<string> GetAsync(HubModelId model, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        var cache = new HubCache(model, options.CachePath);
        try
        {
            if (options.IsOffline || HubCache.IsCommit(model.Revision))
            {
                if (cache.CompleteSnapshot() is { } known)
                {
                    return known;
                }
            }

            return options.IsOffline
                ? throw new HubException($"HF_HUB_OFFLINE is set and {options.CachePath} has no whole copy of {model}; unset it once to download the model, or give a folder.")
                : await DownloadAsync(model, cache, progress, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutException)
        {
            // Without a network, what was downloaded before will do.
            return cache.CompleteSnapshot()
                ?? throw new HubException($"{options.Endpoint} can't be reached ({e.Message.TrimEnd('.')}); check the network, set HF_ENDPOINT to a mirror, or give a folder.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"{options.CachePath} can't be written ({e.Message.TrimEnd('.')}); make room, or set HF_HOME to another folder.", e);
        }
        catch (InvalidDataException e)
        {
            throw new HubException(e.Message, e);
        }
    }

    private async Task<string> DownloadAsync(HubModelId model, HubCache cache, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        using var connection = new HubConnection(options);
        var repository = new HubRepository(model, options, connection);
        var download = new FileDownload(model, options, connection, repository, cache);
        var (commit, names) = await repository.ListAsync(cancellationToken);
        var chosen = ModelFiles.Choose(model, names);
        if (chosen.Contains(ModelFiles.Index))
        {
            await FetchAsync([ModelFiles.Index]);
            chosen = [.. chosen, .. ModelFiles.ShardsOf(Path.Combine(cache.SnapshotOf(commit), ModelFiles.Index))];
        }

        await FetchAsync(chosen);
        cache.Remember(commit);
        return cache.SnapshotOf(commit);

        async Task FetchAsync(IReadOnlyList<string> wanted)
        {
            var files = new List<HubFile>();
            foreach (var name in wanted.Where(name => !cache.Has(commit, name)))
            {
                files.Add(await repository.DescribeAsync(commit, name, cancellationToken));
            }

            var (before, total) = (0L, files.Sum(file => file.Size));
            RequireRoom(total);
            foreach (var file in files)
            {
                await download.RunAsync(commit, file, bytes => progress?.Report(new HubProgress(file.Name, before + bytes, total)), cancellationToken);
                before += file.Size;
            }
        }
    }

    private void RequireRoom(long bytes)
    {
        Directory.CreateDirectory(options.CachePath);
        if (new DriveInfo(options.CachePath).AvailableFreeSpace is var free && free < bytes)
        {
            throw new HubException($"The model takes {bytes} bytes and {options.CachePath} has room for {free}; make room, or set HF_HOME to another folder.");
        }
    }
}
