using Rlhf.Reward.Scoring;
using Rlhf.V1;
using StackExchange.Redis;

namespace Rlhf.Reward.Models;

/// <summary>
/// What the replicas of a group tell each other through Redis: which versions have taken over, and which went back. Without Redis each
/// goes by what it sees itself.
/// </summary>
internal sealed class VersionAgreement(OptionalRedis redis, VersionOptions options)
{
    private static readonly TimeSpan s_keep = TimeSpan.FromDays(30);
    private readonly RedisKey _taken = $"rlhf:versions:{options.Group}:taken-over";
    private readonly RedisKey _returned = $"rlhf:versions:{options.Group}:returned";

    /// <summary>The newest version that has taken over in any replica, empty for none; and those that went back.</summary>
    public async Task<(string Latest, IReadOnlyList<string> Returned)> ReadAsync()
    {
        var latest = await redis.TryAsync(database => database.SortedSetRangeByRankAsync(_taken, 0, 0, Order.Descending));
        var returned = await redis.TryAsync(database => database.SetMembersAsync(_returned));
        return (latest is [var newest] ? newest.ToString() : "", [.. (returned ?? []).Select(version => version.ToString())]);
    }

    /// <summary>Says that a version has taken over.</summary>
    public Task TookOverAsync(ModelVersion version) => redis.TryAsync(async database =>
    {
        await database.SortedSetAddAsync(_taken, version.VersionId, version.CreatedUnixMs);
        return await database.KeyExpireAsync(_taken, s_keep);
    });

    /// <summary>Says that a version went back.</summary>
    public Task ReturnedAsync(ModelVersion version) => redis.TryAsync(async database =>
    {
        await database.SetAddAsync(_returned, version.VersionId);
        return await database.KeyExpireAsync(_returned, s_keep);
    });
}
