using Grpc.Core;

namespace Rlhf.Reward.Models;

/// <summary>Asks the Learner at start, and now and then afterwards, for the newest reward model: announcements can be missed.</summary>
internal sealed partial class LatestVersionRefresher(RewardModelRegistry registry, RewardOptions options, ILogger<LatestVersionRefresher> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.RefreshSeconds));
        do
        {
            try
            {
                await registry.RefreshAsync(stoppingToken);
            }
            catch (RpcException exception)
            {
                LogFailed(exception.StatusCode, exception.Status.DebugException?.Message ?? exception.Status.Detail);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The Learner's newest reward model could not be had: {Status}: {Detail}")]
    private partial void LogFailed(StatusCode status, string detail);
}
