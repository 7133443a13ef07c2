using Grpc.Core;
using Rlhf.Reward.Engine;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>Which version a call goes to, and when a published reward model goes on trial, takes over or goes back.</summary>
internal sealed class RewardModelRegistry(
    LoadedModels models, ConfiguredModels configured, LearningService.LearningServiceClient learner, ScoringEngine engine, VersionOptions options, VersionHealth health,
    VersionAgreement agreement, CurrentVersions versions, TimeProvider clock)
{
    public const string LatestAlias = "latest";
    public const string CanaryAlias = "canary";
    private long _latestCalls;
    private volatile string? _refusal;

    /// <summary>The version that "latest" means; null before the first reward model.</summary>
    public string? LatestVersion => versions.Latest?.VersionId;

    /// <summary>The version that "canary" means; null when none is on trial.</summary>
    public string? CanaryVersion => versions.Canary?.Version.VersionId;

    /// <summary>What else a version may be called.</summary>
    public IEnumerable<string> AliasesOf(string versionId)
    {
        if (versionId == LatestVersion)
        {
            yield return LatestAlias;
        }
        if (versionId == CanaryVersion)
        {
            yield return CanaryAlias;
        }
    }

    /// <summary>Which version a name means for one call: of the calls for the latest, the canary gets its share.</summary>
    /// <param name="name">A version id, "latest", "canary", or empty for the latest.</param>
    /// <exception cref="RpcException">FAILED_PRECONDITION: there is no reward model, or no canary. UNAVAILABLE: the Learner can't be reached.</exception>
    public async Task<ModelRoute> RouteAsync(string name, CancellationToken cancellationToken)
    {
        if (name is not ("" or LatestAlias or CanaryAlias))
        {
            return new ModelRoute(name, IsCanaryShare: false, IsLatest: false);
        }
        var canary = CanaryVersion;
        if (name == CanaryAlias)
        {
            return new ModelRoute(
                canary ?? throw new RpcException(new Status(StatusCode.FailedPrecondition, "No version is on trial as the canary; name a version or 'latest'.")),
                IsCanaryShare: false, IsLatest: false);
        }
        if (canary is not null && IsCanarysTurn())
        {
            return new ModelRoute(canary, IsCanaryShare: true, IsLatest: false);
        }
        if (LatestVersion is null)
        {
            await AdoptPinnedFolderAsync(cancellationToken);
        }
        if (LatestVersion is null)
        {
            await RefreshAsync(cancellationToken);
        }
        return new ModelRoute(
            LatestVersion ?? throw new RpcException(new Status(StatusCode.FailedPrecondition, WhyNoLatest())),
            IsCanaryShare: false, IsLatest: true);
    }

    /// <summary>
    /// Lets a published version take over once it is in memory and has scored the probe set: at once, or after its time as the canary. An
    /// older one, and one that went back before, changes nothing.
    /// </summary>
    /// <exception cref="RpcException">It can't be loaded; the latest stays what it was.</exception>
    public async Task AdoptAsync(ModelVersion version, CancellationToken cancellationToken)
    {
        if (version.Kind != VersionKind.RewardModel || !versions.IsWanted(version))
        {
            return;
        }
        using var lease = await models.AcquireAsync(version.VersionId, cancellationToken);
        var latest = versions.Latest;
        if (latest is null || options.CanaryShare == 0 || options.Pinned.Length > 0)
        {
            await versions.TakeOverAsync(version);
            return;
        }
        using var current = await models.AcquireAsync(latest.VersionId, cancellationToken);
        if (DriftsAway(lease.Model.ProbeScores, current.Model.ProbeScores) is { } drift)
        {
            await versions.ReturnAsync(version, CanaryAlarm.Drift, drift);
            return;
        }
        versions.Try(version);
    }

    /// <summary>Asks the Learner which versions there are, and adopts the newest that can be used.</summary>
    /// <exception cref="RpcException">The Learner can't be reached.</exception>
    public async Task<IReadOnlyList<ModelVersion>> RefreshAsync(CancellationToken cancellationToken)
    {
        await AdoptPinnedFolderAsync(cancellationToken);
        var published = await ListAsync(cancellationToken);
        foreach (var version in published)
        {
            health.Published(version.VersionId);
        }
        var (agreed, returned) = await agreement.ReadAsync();
        await FollowAsync(published, agreed, returned, cancellationToken);
        var newestFirst = published
            .Where(version => options.Pinned.Length > 0 ? version.VersionId == options.Pinned : !versions.HasReturned(version.VersionId)).Reverse().ToArray();
        // A process that starts during a trial can't know of it: the newest is on trial again, beside the one before it.
        if (LatestVersion is null && options.CanaryShare > 0)
        {
            await AdoptFirstUsableAsync(newestFirst.Skip(1), cancellationToken);
        }
        await AdoptFirstUsableAsync(newestFirst, cancellationToken);
        return published;
    }

    /// <summary>The published reward models, oldest first.</summary>
    /// <exception cref="RpcException">The Learner can't be reached.</exception>
    public async Task<IReadOnlyList<ModelVersion>> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            var response = await learner.ListVersionsAsync(new ListVersionsRequest(), cancellationToken: cancellationToken);
            return [.. response.Versions.Where(version => version.Kind == VersionKind.RewardModel).OrderBy(version => version.CreatedUnixMs)];
        }
        catch (RpcException exception)
        {
            throw ModelErrors.OfLearner(exception);
        }
    }

    /// <summary>Has the canary score the probe set again; it goes back, goes on, or takes over when its time is up.</summary>
    /// <exception cref="RpcException">A version can't be loaded.</exception>
    public async Task WatchCanaryAsync(CancellationToken cancellationToken)
    {
        if (versions.Canary is not { } canary || LatestVersion is not { } latest)
        {
            return;
        }
        using var lease = await models.AcquireAsync(canary.Version.VersionId, cancellationToken);
        using var current = await models.AcquireAsync(latest, cancellationToken);
        var model = lease.Model;
        var raw = await engine.ScoreAsync(model, ProbeSet.Tokens(model.Tokenizer, model.ContextLength), "probes", cancellationToken);
        if (!ProbeSet.AreFinite(raw))
        {
            await versions.ReturnAsync(canary.Version, CanaryAlarm.NotFinite, drift: null);
        }
        else if (DriftsAway(ProbeSet.Normalise(canary.Version, raw), current.Model.ProbeScores) is { } drift)
        {
            await versions.ReturnAsync(canary.Version, CanaryAlarm.Drift, drift);
        }
        else if (clock.GetUtcNow() - canary.Since >= TimeSpan.FromSeconds(options.CanarySeconds))
        {
            await versions.TakeOverAsync(canary.Version);
        }
    }

    /// <summary>Takes a version back that failed in use, if it is the canary.</summary>
    public Task ReportAsync(ModelVersion version, CanaryAlarm alarm, double? drift = null) =>
        CanaryVersion == version.VersionId ? versions.ReturnAsync(version, alarm, drift) : Task.CompletedTask;

    /// <summary>Follows what other replicas have seen: a canary that went back, or one whose time was up.</summary>
    /// <exception cref="RpcException">The Learner can't be reached, or a version can't be loaded.</exception>
    public async Task AgreeAsync(CancellationToken cancellationToken)
    {
        var (latest, returned) = await agreement.ReadAsync();
        if (CanaryVersion is { } canary && (canary == latest || returned.Contains(canary)))
        {
            await RefreshAsync(cancellationToken);
        }
    }

    // A folder needs no Learner.
    private Task AdoptPinnedFolderAsync(CancellationToken cancellationToken) =>
        configured.Find(options.Pinned) is { } pinned ? AdoptFirstUsableAsync([pinned.Version], cancellationToken) : Task.CompletedTask;

    private string WhyNoLatest() => _refusal ?? (options.Pinned.Length == 0
        ? "There is no reward model yet; train one, or name a version."
        : $"Versions:Pinned is '{options.Pinned}', which is neither published nor in Reward:Models; pin another version, or name one.");

    // A process that starts after a broken version was published goes on with the one before it, as those do that ran before.
    private async Task AdoptFirstUsableAsync(IEnumerable<ModelVersion> candidates, CancellationToken cancellationToken)
    {
        foreach (var version in candidates)
        {
            try
            {
                await AdoptAsync(version, cancellationToken);
                return;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
            {
                _refusal = exception.Status.Detail; // told to who asks for the latest when there is none
            }
        }
    }

    // Every n-th call, where the share is 1/n: no luck in it.
    private bool IsCanarysTurn()
    {
        var calls = Interlocked.Increment(ref _latestCalls);
        return Math.Floor(calls * options.CanaryShare) > Math.Floor((calls - 1) * options.CanaryShare);
    }

    private double? DriftsAway(double[] canary, double[] latest) =>
        ProbeSet.Drift(canary, latest) is var drift && drift <= options.MaxProbeDrift ? null : drift;

    private async Task FollowAsync(IReadOnlyList<ModelVersion> published, string agreed, IReadOnlyList<string> returned, CancellationToken cancellationToken)
    {
        foreach (var version in published.Where(version => returned.Contains(version.VersionId)))
        {
            await versions.ReturnAsync(version, CanaryAlarm.Elsewhere, drift: null);
        }
        // What has been on trial elsewhere needs none here.
        if (published.FirstOrDefault(version => version.VersionId == agreed) is { } taken && (versions.IsWanted(taken) || CanaryVersion == agreed))
        {
            using var lease = await models.AcquireAsync(agreed, cancellationToken);
            await versions.TakeOverAsync(taken);
        }
    }
}
