using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>
/// Which versions "latest" and "canary" mean now, and which ones went back. The models of both stay in memory, their entries in the health
/// service follow, and the other replicas are told.
/// </summary>
internal sealed partial class CurrentVersions(
    LoadedModels models, VersionOptions options, VersionHealth health, VersionAgreement agreement, RewardMetrics metrics, TimeProvider clock,
    ILogger<CurrentVersions> logger)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _returned = new(StringComparer.Ordinal);
    private ModelVersion? _latest;
    private Canary? _canary;

    /// <summary>The latest version; null before the first reward model.</summary>
    public ModelVersion? Latest => Volatile.Read(ref _latest);

    /// <summary>The version on trial; null when there is none.</summary>
    public Canary? Canary => Volatile.Read(ref _canary);

    /// <summary>Whether a version went back, here or in another replica.</summary>
    public bool HasReturned(string versionId)
    {
        lock (_lock)
        {
            return _returned.Contains(versionId);
        }
    }

    /// <summary>Whether a version may become the canary or the latest: it is newer than both and didn't go back, or it is the pinned one.</summary>
    public bool IsWanted(ModelVersion version)
    {
        if (options.Pinned.Length > 0)
        {
            return version.VersionId == options.Pinned && Latest?.VersionId != version.VersionId;
        }
        return !HasReturned(version.VersionId) && IsNewerThan(Latest) && IsNewerThan(Canary?.Version);
        bool IsNewerThan(ModelVersion? other) => other is null || (version.VersionId != other.VersionId && version.CreatedUnixMs >= other.CreatedUnixMs);
    }

    /// <summary>Puts a version on trial, if it is still wanted.</summary>
    public void Try(ModelVersion version)
    {
        lock (_lock)
        {
            if (IsWanted(version))
            {
                Volatile.Write(ref _canary, new Canary(version, clock.GetUtcNow()));
                Settle();
                LogCanary(version.VersionId, options.CanaryShare, options.CanarySeconds);
            }
        }
    }

    /// <summary>Makes a version the latest, if it is still wanted or is the canary.</summary>
    public async Task TakeOverAsync(ModelVersion version)
    {
        if (TakeOver(version))
        {
            await agreement.TookOverAsync(version);
        }
    }

    /// <summary>Takes a version back for good: it isn't tried again.</summary>
    /// <param name="version">Which.</param>
    /// <param name="alarm">Why.</param>
    /// <param name="drift">How far its normalised scores are from the latest version's, where that is why.</param>
    public async Task ReturnAsync(ModelVersion version, CanaryAlarm alarm, double? drift)
    {
        lock (_lock)
        {
            if (!_returned.Add(version.VersionId))
            {
                return;
            }
            if (Canary?.Version.VersionId == version.VersionId)
            {
                Volatile.Write(ref _canary, null);
            }
            Settle();
            health.Refused(version.VersionId);
        }
        metrics.Returned(version.VersionId, alarm);
        LogReturned(version.VersionId, Latest?.VersionId, alarm, drift, options.MaxProbeDrift);
        if (alarm != CanaryAlarm.Elsewhere)
        {
            await agreement.ReturnedAsync(version);
        }
    }

    private bool TakeOver(ModelVersion version)
    {
        lock (_lock)
        {
            var isTaking = IsWanted(version) || Canary?.Version.VersionId == version.VersionId;
            if (isTaking)
            {
                Volatile.Write(ref _latest, version);
                if (Canary is { } canary && canary.Version.CreatedUnixMs <= version.CreatedUnixMs)
                {
                    Volatile.Write(ref _canary, null);
                }
                Settle();
                LogAdopted(version.VersionId);
            }
            return isTaking;
        }
    }

    // The models of the aliases stay in memory, and their entries in the health service follow.
    private void Settle()
    {
        models.Keep([.. new[] { Latest?.VersionId, Canary?.Version.VersionId }.OfType<string>()]);
        SetHealth(RewardModelRegistry.LatestAlias, isServing: Latest is not null);
        SetHealth(RewardModelRegistry.CanaryAlias, isServing: Canary is not null);
    }

    private void SetHealth(string alias, bool isServing)
    {
        if (isServing)
        {
            health.Loaded(alias);
        }
        else
        {
            health.Refused(alias);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The latest reward model is {VersionId} now")]
    private partial void LogAdopted(string versionId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Reward model {VersionId} is the canary: it gets {Share:P0} of the calls for {Seconds} s, then takes over")]
    private partial void LogCanary(string versionId, double share, int seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "ALARM: canary {VersionId} went back, {Latest} goes on: {Alarm} (drift {Drift}, at most {MaxDrift})")]
    private partial void LogReturned(string versionId, string? latest, CanaryAlarm alarm, double? drift, double maxDrift);
}
