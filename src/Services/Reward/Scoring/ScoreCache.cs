using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Rlhf.Reward.Models;
using StackExchange.Redis;

namespace Rlhf.Reward.Scoring;

/// <summary>
/// The members' raw scores in Redis, by version, tokenizer and token ids. Losing Redis costs time and nothing else: every failure reads as "not
/// there", is said once in the log, and keeps the cache out of the way for a few seconds.
/// </summary>
internal sealed partial class ScoreCache(IConnectionMultiplexer redis, RewardOptions options, RewardMetrics metrics, ILogger<ScoreCache> logger)
{
    private static readonly TimeSpan s_restAfterFailure = TimeSpan.FromSeconds(5);
    private readonly TimeSpan _keep = TimeSpan.FromDays(options.CacheDays);
    private long _restUntil;
    private int _isFailing;

    /// <summary>Looks up sequences, all in one command; null where there is no score.</summary>
    public async Task<float[]?[]> GetAsync(LoadedRewardModel model, IReadOnlyList<int[]> sequences)
    {
        var found = new float[]?[sequences.Count];
        if (sequences.Count == 0 || !IsUsable())
        {
            return found;
        }
        try
        {
            var values = await redis.GetDatabase().StringGetAsync([.. sequences.Select(tokens => KeyOf(model, tokens))]);
            for (var i = 0; i < found.Length; i++)
            {
                found[i] = Read(values[i], model.Members);
            }
            Succeeded();
            var hits = found.Count(score => score is not null);
            metrics.LookedUp(hits, found.Length - hits);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            Failed(exception);
        }
        return found;
    }

    /// <summary>Keeps scores, all in one batch.</summary>
    public async Task SetAsync(LoadedRewardModel model, IReadOnlyList<(int[] Tokens, float[] Scores)> scores)
    {
        if (scores.Count == 0 || !IsUsable())
        {
            return;
        }
        try
        {
            var batch = redis.GetDatabase().CreateBatch();
            var writes = scores.Select(score => batch.StringSetAsync(KeyOf(model, score.Tokens), Write(score.Scores), _keep)).ToArray();
            batch.Execute();
            await Task.WhenAll(writes);
            Succeeded();
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ObjectDisposedException)
        {
            Failed(exception);
        }
    }

    private static RedisKey KeyOf(LoadedRewardModel model, int[] tokens)
    {
        var bytes = BitConverter.IsLittleEndian
            ? MemoryMarshal.AsBytes<int>(tokens)
            : MemoryMarshal.AsBytes<int>([.. tokens.Select(BinaryPrimitives.ReverseEndianness)]);
        return $"rlhf:score:{model.CacheName}:{model.Tokenizer.Hash}:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
    }

    private static byte[] Write(float[] scores)
    {
        var bytes = new byte[scores.Length * sizeof(float)];
        foreach (var (member, score) in scores.Index())
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(member * sizeof(float)), score);
        }
        return bytes;
    }

    // What isn't a finite number of four bytes for each member was not written by this class.
    private static float[]? Read(RedisValue value, int members)
    {
        if ((byte[]?)value is not { } bytes || bytes.Length != members * sizeof(float))
        {
            return null;
        }
        var scores = bytes.Chunk(sizeof(float)).Select(number => BinaryPrimitives.ReadSingleLittleEndian(number)).ToArray();
        return scores.All(float.IsFinite) ? scores : null;
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
