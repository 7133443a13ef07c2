using Grpc.Core;
using Rlhf.Artifacts;
using Rlhf.Reward.Engine;
using Rlhf.ServiceDefaults;

namespace Rlhf.Reward.Models;

/// <summary>The reward models in memory. The one used least recently goes when there are too many.</summary>
internal sealed partial class LoadedModels(
    VersionCache versions, ConfiguredModels configured, BaseModel baseModel, ScoringEngine engine, RewardOptions options, TorchOptions torchOptions, VersionHealth health,
    ILogger<LoadedModels> logger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private volatile HashSet<string> _kept = [];

    /// <summary>Says which versions stay in memory also when nobody uses them.</summary>
    public void Keep(params IEnumerable<string> versionIds) => _kept = [.. versionIds];

    /// <summary>Brings a version into memory, if it isn't there, and keeps it there while the lease lasts.</summary>
    /// <exception cref="RpcException">NOT_FOUND: no such version. FAILED_PRECONDITION: it can't be used. UNAVAILABLE: the Learner can't be reached, or the disk is full.</exception>
    public async Task<ModelLease> AcquireAsync(string versionId, CancellationToken cancellationToken)
    {
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

    public bool IsLoaded(string versionId)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(versionId, out var entry) && entry.Loading.IsCompletedSuccessfully;
        }
    }

    private async Task<LoadedRewardModel> LoadAsync(string versionId)
    {
        try
        {
            var cached = configured.Find(versionId) ?? await versions.GetAsync(versionId, CancellationToken.None);
            var loaded = LoadedRewardModel.Load(cached, baseModel.Tokenizer, torchOptions.Threads, baseModel.Device);
            LogLoaded(versionId, loaded.ContextLength);
            health.Loaded(versionId);
            return loaded;
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException)
        {
            health.Refused(versionId);
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"Reward model '{versionId}' can't be used: {exception.Message}", exception));
        }
        catch (RpcException exception)
        {
            throw ModelErrors.OfLearner(exception);
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
        .Where(entry => entry.Uses == 0 && entry.Loading.IsCompletedSuccessfully && !_kept.Contains(entry.VersionId))
        .MinBy(entry => entry.LastUsed);

    [LoggerMessage(Level = LogLevel.Information, Message = "Reward model {VersionId} is loaded; its context is {ContextLength} tokens")]
    private partial void LogLoaded(string versionId, int contextLength);

    private sealed class Entry(string versionId, Task<LoadedRewardModel> loading)
    {
        public string VersionId { get; } = versionId;

        public Task<LoadedRewardModel> Loading { get; } = loading;

        public int Uses { get; set; }

        public long LastUsed { get; set; }
    }
}
