using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Stages;
using Rlhf.V1;

namespace Rlhf.Coordinator.Web.Chat;

/// <summary>The versions that can be tried.</summary>
internal sealed class VersionCatalog(IDbContextFactory<LedgerContext> contexts)
{
    private const int Most = 500;

    /// <summary>Policies, the newest first, the base model last; and reward models, the newest first.</summary>
    public async Task<(IReadOnlyList<string> Policies, IReadOnlyList<string> RewardModels)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        var versions = await ledger.Versions.AsNoTracking().OrderByDescending(version => version.CreatedUnixMs).ThenByDescending(version => version.Step)
            .Select(version => new { version.VersionId, version.Kind }).Take(Most).ToListAsync(cancellationToken);
        var rewardModel = nameof(VersionKind.RewardModel);
        return (
            [.. versions.Where(version => version.Kind != rewardModel).Select(version => version.VersionId), PolicyVersions.Base],
            [.. versions.Where(version => version.Kind == rewardModel).Select(version => version.VersionId)]);
    }
}
