namespace Rlhf.Clients.Reward;

/// <summary>What a call wants, where it is not the usual.</summary>
public sealed record ScoreOptions
{
    /// <summary>A version id, "latest" (also when empty), or "canary".</summary>
    public string ModelVersion { get; init; } = "";

    /// <summary>The head whose score is wanted, of a model with a head for each source (<see cref="RewardModelInfo.Heads"/>). Empty: all heads together.</summary>
    public string Head { get; init; } = "";

    /// <summary>What happens to items that are too long.</summary>
    public Truncation Truncation { get; init; } = Truncation.Fail;

    /// <summary>What is done with the cache.</summary>
    public CacheUse Cache { get; init; } = CacheUse.Use;

    /// <summary>Return each ensemble member's score too. Not for streams.</summary>
    public bool IncludesMembers { get; init; }

    /// <summary>
    /// The same id with the same content is the same answer, computed once. Null: the client makes one for each call, so that a call
    /// that is sent again is answered as the first time. Not for streams.
    /// </summary>
    public string? RequestId { get; init; }

    /// <summary>How long the call may take, all attempts together; of a stream, until the next answer. Null: <see cref="RewardClientOptions.Timeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }
}
