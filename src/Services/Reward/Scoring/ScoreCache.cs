using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Rlhf.Reward.Models;
using StackExchange.Redis;

namespace Rlhf.Reward.Scoring;

/// <summary>All members' or heads' outputs in Redis, by version, tokenizer and token ids, whichever head was asked for. Losing Redis costs time and nothing else.</summary>
internal sealed class ScoreCache(OptionalRedis redis, RewardOptions options, RewardMetrics metrics)
{
    private readonly TimeSpan _keep = TimeSpan.FromDays(options.CacheDays);

    /// <summary>Looks up sequences, all in one command; null where there is no score.</summary>
    public async Task<float[]?[]> GetAsync(LoadedRewardModel model, IReadOnlyList<int[]> sequences)
    {
        var found = new float[]?[sequences.Count];
        if (sequences.Count == 0
            || await redis.TryAsync(database => database.StringGetAsync([.. sequences.Select(tokens => KeyOf(model, tokens))])) is not { } values)
        {
            return found;
        }
        var hits = 0;
        for (var i = 0; i < found.Length; i++)
        {
            found[i] = Read(values[i], model.Members);
            hits += found[i] is null ? 0 : 1;
        }
        metrics.LookedUp(hits, found.Length - hits);
        return found;
    }

    /// <summary>Keeps scores, all in one batch.</summary>
    public Task SetAsync(LoadedRewardModel model, IReadOnlyList<(int[] Tokens, float[] Members)> scores) => scores.Count == 0
        ? Task.CompletedTask
        : redis.TryAsync(database =>
        {
            var batch = database.CreateBatch();
            var writes = scores.Select(score => batch.StringSetAsync(KeyOf(model, score.Tokens), Write(score.Members), _keep)).ToArray();
            batch.Execute();
            return Task.WhenAll(writes);
        });

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
}
