using Grpc.Core;
using Rlhf.Artifacts;
using Rlhf.Reward.Engine;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>The reward models in memory, and which of the published ones is the latest.</summary>
internal sealed partial class RewardModelRegistry(
    VersionCache versions, LearningService.LearningServiceClient learner, BaseModel baseModel, ScoringEngine engine, RewardOptions options,
    TorchOptions torchOptions,
    ILogger<RewardModelRegistry> logger)
{
    public const string LatestAlias = "latest";
    public const string CanaryAlias = "canary";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private ModelVersion? _latest;

    /// <summary>The version that "latest" means; null before the first reward model.</summary>
    public string? LatestVersion => Volatile.Read(ref _latest)?.VersionId;

    /// <summary>Brings a version into memory, if it isn't there, and keeps it there while the lease lasts.</summary>
    /// <param name="name">A version id, "latest" or empty for the latest.</param>
    /// <param name="cancellationToken">Ends this caller's wait.</param>
    /// <exception cref="RpcException">NOT_FOUND: no such version. FAILED_PRECONDITION: there is no reward model yet, or this one can't be used. UNAVAILABLE: the Learner can't be reached, or the disk is full.</exception>
    public async Task<ModelLease> AcquireAsync(string name, CancellationToken cancellationToken)
    {
        var versionId = await ResolveAsync(name, cancellationToken);
        Entry? entry;
        lock (_lock)
        {
            if (!_entries.TryGetValue(versionId, out entry))
            {
                entry = new Entry(versionId, Task.Run(() => LoadAsync(versionId), CancellationToken.None));
                _entries.Add(versionId, entry);
            }
            entry.Uses++;
        }
        try
        {
            return new ModelLease(await entry.Loading.WaitAsync(cancellationToken), () => Release(entry));
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException)
        {
            Release(entry);
            throw;
        }
    }

    /// <summary>Makes a published version the latest once it is in memory and has scored its probe; an older one changes nothing.</summary>
    /// <exception cref="RpcException">It can't be loaded; the latest stays what it was.</exception>
    public async Task AdoptAsync(ModelVersion version, CancellationToken cancellationToken)
    {
        if (version.Kind != VersionKind.RewardModel || !IsNewer(version))
        {
            return;
        }
        using var lease = await AcquireAsync(version.VersionId, cancellationToken);
        lock (_lock)
        {
            if (IsNewer(version))
            {
                Volatile.Write(ref _latest, version);
                LogAdopted(version.VersionId);
            }
        }
    }

    /// <summary>Asks the Learner which versions there are, and adopts the newest.</summary>
    /// <exception cref="RpcException">The Learner can't be reached, or its newest reward model can't be loaded.</exception>
    public async Task<IReadOnlyList<ModelVersion>> RefreshAsync(CancellationToken cancellationToken)
    {
        var published = await ListAsync(cancellationToken);
        if (published.Count > 0)
        {
            await AdoptAsync(published[^1], cancellationToken);
        }
        return published;
    }

    /// <summary>The published reward models, oldest first.</summary>
    /// <exception cref="RpcException">The Learner can't be reached.</exception>
    public async Task<IReadOnlyList<ModelVersion>> ListAsync(CancellationToken cancellationToken)
    {
        var response = await learner.ListVersionsAsync(new ListVersionsRequest(), cancellationToken: cancellationToken);
        return [.. response.Versions.Where(version => version.Kind == VersionKind.RewardModel).OrderBy(version => version.CreatedUnixMs)];
    }

    public bool IsLoaded(string versionId)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(versionId, out var entry) && entry.Loading.IsCompletedSuccessfully;
        }
    }

    private async Task<string> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        if (name.Length > 0 && name is not (LatestAlias or CanaryAlias))
        {
            return name;
        }
        if (name == CanaryAlias)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "No canary is set; name a version or 'latest'."));
        }
        if (LatestVersion is null)
        {
            await RefreshAsync(cancellationToken);
        }
        return LatestVersion
            ?? throw new RpcException(new Status(StatusCode.FailedPrecondition, "There is no reward model yet; train one, or name a version."));
    }

    private bool IsNewer(ModelVersion version)
    {
        var latest = Volatile.Read(ref _latest);
        return latest is null || (version.VersionId != latest.VersionId && version.CreatedUnixMs >= latest.CreatedUnixMs);
    }

    private async Task<LoadedRewardModel> LoadAsync(string versionId)
    {
        try
        {
            var cached = await versions.GetAsync(versionId, CancellationToken.None);
            var loaded = LoadedRewardModel.Load(cached, baseModel.Tokenizer, torchOptions.Threads);
            LogLoaded(versionId, loaded.ContextLength);
            return loaded;
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"Reward model '{versionId}' can't be used: {exception.Message}", exception));
        }
        catch (ArtifactStoreException exception)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, exception.Message, exception));
        }
    }

    private void Release(Entry entry)
    {
        lock (_lock)
        {
            entry.Uses--;
            entry.LastUsed = Environment.TickCount64;
            if (entry.Loading.IsFaulted)
            {
                _entries.Remove(entry.VersionId); // the next caller tries again
            }
            while (_entries.Count > options.MaxLoadedModels && LeastRecentlyUsedIdle() is { } idle)
            {
                _entries.Remove(idle.VersionId);
                engine.DisposeAfterPass(idle.Loading.Result);
            }
        }
    }

    private Entry? LeastRecentlyUsedIdle() => _entries.Values
        .Where(entry => entry.Uses == 0 && entry.Loading.IsCompletedSuccessfully && entry.VersionId != LatestVersion)
        .MinBy(entry => entry.LastUsed);

    [LoggerMessage(Level = LogLevel.Information, Message = "Reward model {VersionId} is loaded; its context is {ContextLength} tokens")]
    private partial void LogLoaded(string versionId, int contextLength);

    [LoggerMessage(Level = LogLevel.Information, Message = "The latest reward model is {VersionId} now")]
    private partial void LogAdopted(string versionId);

    private sealed class Entry(string versionId, Task<LoadedRewardModel> loading)
    {
        public string VersionId { get; } = versionId;

        public Task<LoadedRewardModel> Loading { get; } = loading;

        public int Uses { get; set; }

        public long LastUsed { get; set; }
    }
}
