using StackExchange.Redis;

namespace Rlhf.Reward.Scoring;

/// <summary>
/// Redis, which may be gone: every failure reads as "nothing there", is said once in the log, and keeps Redis out of the way for a few
/// seconds. What is kept there saves time; nothing depends on it.
/// </summary>
internal sealed partial class OptionalRedis(IConnectionMultiplexer redis, ILogger<OptionalRedis> logger)
{
    private static readonly TimeSpan s_restAfterFailure = TimeSpan.FromSeconds(5);
    private long _restUntil;
    private int _isFailing;
    private int _failures;

    /// <summary>Messages between replicas; none arrive while Redis is gone.</summary>
    public ISubscriber Subscriber => redis.GetSubscriber();

    /// <summary>Does something with Redis; the default of <typeparamref name="T"/> when it is gone.</summary>
    public async Task<T?> TryAsync<T>(Func<IDatabase, Task<T>> useAsync)
    {
        if (!IsUsable())
        {
            return default;
        }
        var failuresBefore = Volatile.Read(ref _failures);
        try
        {
            var value = await useAsync(redis.GetDatabase());
            if (Volatile.Read(ref _failures) == failuresBefore)
            {
                Succeeded(); // an answer that was under way when another call failed says nothing about now
            }
            return value;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            Failed(exception);
            return default;
        }
    }

    private bool IsUsable()
    {
        if (Environment.TickCount64 < Volatile.Read(ref _restUntil))
        {
            return false;
        }
        if (redis.IsConnected)
        {
            return true;
        }
        Failed(null);
        return false;
    }

    private void Failed(Exception? exception)
    {
        Interlocked.Increment(ref _failures);
        Volatile.Write(ref _restUntil, Environment.TickCount64 + (long)s_restAfterFailure.TotalMilliseconds);
        if (Interlocked.Exchange(ref _isFailing, 1) == 0)
        {
            LogGone(exception?.Message ?? "not connected");
        }
    }

    private void Succeeded()
    {
        if (Interlocked.Exchange(ref _isFailing, 0) == 1)
        {
            LogBack();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Redis is gone, scores are computed anew: {Reason}")]
    private partial void LogGone(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Redis is back")]
    private partial void LogBack();
}
