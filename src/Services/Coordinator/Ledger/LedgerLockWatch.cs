using Npgsql;

namespace Rlhf.Coordinator.Ledger;

/// <summary>
/// Looks after the right to write to a PostgreSQL ledger: takes it again after the server was away, and stops this process when
/// another has it by then. Lets go of it when the process stops.
/// </summary>
internal sealed partial class LedgerLockWatch(PostgreSqlLedger ledger, IHostApplicationLifetime lifetime, ILogger<LedgerLockWatch> logger) : BackgroundService
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await ledger.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ledger.HoldAsync(stoppingToken);
            }
            catch (NpgsqlException exception)
            {
                LogAway(logger, exception.Message);
            }
            catch (LedgerHeldException exception)
            {
                LogLost(logger, exception.Message);
                lifetime.StopApplication();
                return;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The ledger's PostgreSQL does not answer: {Reason}")]
    private static partial void LogAway(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The ledger is lost to this process: {Reason}")]
    private static partial void LogLost(ILogger logger, string reason);
}
