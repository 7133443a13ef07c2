using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rlhf.Coordinator.Ledger;

/// <summary>Whether the ledger's server answers.</summary>
internal sealed class LedgerHealthCheck(IDbContextFactory<LedgerContext> contexts) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
        return await ledger.Database.CanConnectAsync(cancellationToken)
            ? HealthCheckResult.Healthy()
            : new HealthCheckResult(context.Registration.FailureStatus, "the ledger's PostgreSQL does not answer");
    }
}
