using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Rlhf.V1;
using StackExchange.Redis;

namespace Rlhf.Reward.Scoring;

/// <summary>
/// Answers of requests that had an id, in Redis, so that a request that is sent again to another replica gets the same one. Of two replicas
/// that compute at the same time, the first to be done decides. Without Redis each replica remembers its own.
/// </summary>
internal sealed class SharedAnswers(OptionalRedis redis, RewardOptions options)
{
    private const int MaxBytes = 4 << 20;
    private readonly TimeSpan _keep = TimeSpan.FromMinutes(options.RequestIdMinutes);

    /// <summary>The answer that an id has, and the hash of the request that it belongs to; null when there is none.</summary>
    public async Task<(string Content, ScoreBatchResponse Answer)?> FindAsync(string requestId) =>
        Read(await redis.TryAsync(database => database.StringGetAsync(KeyOf(requestId))));

    /// <summary>Keeps an answer, unless the id has one already: then that one is returned.</summary>
    /// <param name="requestId">The id.</param>
    /// <param name="content">Hash of the request, 64 hex digits.</param>
    /// <param name="answer">What was computed.</param>
    public async Task<(string Content, ScoreBatchResponse Answer)> KeepAsync(string requestId, string content, ScoreBatchResponse answer)
    {
        var bytes = Encoding.ASCII.GetBytes(content).Concat(answer.ToByteArray()).ToArray();
        if (bytes.Length > MaxBytes)
        {
            return (content, answer);
        }
        var isFirst = await redis.TryAsync(async database => (bool?)await database.StringSetAsync(KeyOf(requestId), bytes, _keep, When.NotExists));
        return isFirst == false && await FindAsync(requestId) is { } other ? other : (content, answer);
    }

    private static RedisKey KeyOf(string requestId) => $"rlhf:answer:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(requestId)))}";

    private static (string, ScoreBatchResponse)? Read(RedisValue value)
    {
        if ((byte[]?)value is not { Length: > 64 } bytes)
        {
            return null;
        }
        try
        {
            return (Encoding.ASCII.GetString(bytes, 0, 64), ScoreBatchResponse.Parser.ParseFrom(bytes, 64, bytes.Length - 64));
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // not written by this class
        }
    }
}
