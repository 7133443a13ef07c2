using Grpc.Core;

namespace Rlhf.Reward.Models;

/// <summary>Looks after the canary, every few seconds.</summary>
internal sealed partial class CanaryWatcher(RewardModelRegistry registry, VersionOptions options, ILogger<CanaryWatcher> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.ProbeSeconds));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await registry.AgreeAsync(stoppingToken);
                await registry.WatchCanaryAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is RpcException or Engine.OverCapacityException)
            {
                LogNotProbed(exception.Message); // the next round tries again
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The canary could not be probed: {Reason}")]
    private partial void LogNotProbed(string reason);
}
