using System.ComponentModel.DataAnnotations;

namespace Rlhf.Reward;

/// <summary>How items are gathered, bounded and kept. Configuration section "Reward".</summary>
internal sealed record RewardOptions
{
    public const string Section = "Reward";
    public const ushort DefaultPrefetch = 64;

    /// <summary>Tokens that one pass takes together; an item longer than that is a pass of its own.</summary>
    [Range(1, 1 << 24)]
    public int MaxTokensPerBatch { get; init; } = 8192;

    /// <summary>How long the first item of a pass waits for others to come along.</summary>
    [Range(0, 1000)]
    public int CollectMilliseconds { get; init; } = 3;

    /// <summary>Items that may wait for their pass. A request that would go beyond is refused with RESOURCE_EXHAUSTED.</summary>
    [Range(1, 1 << 24)]
    public int MaxQueuedItems { get; init; } = 16384;

    /// <summary>Items of one caller that may wait: nobody fills the whole queue.</summary>
    [Range(1, 1 << 24)]
    public int MaxQueuedItemsPerCaller { get; init; } = 12288;

    /// <summary>Most items of one ScoreBatch or Tokenize call.</summary>
    [Range(1, 1 << 20)]
    public int MaxItemsPerRequest { get; init; } = 4096;

    /// <summary>Items of one ScoreStream call in work at a time; the stream is not read on beyond that.</summary>
    [Range(1, 1 << 20)]
    public int MaxItemsInFlightPerStream { get; init; } = 256;

    /// <summary>Messages of the queue in work at a time.</summary>
    [Range(1, 4096)]
    public ushort Prefetch { get; init; } = DefaultPrefetch;

    /// <summary>Reward models kept in memory. The one used least recently goes when another is asked for.</summary>
    [Range(1, 256)]
    public int MaxLoadedModels { get; init; } = 4;

    /// <summary>How long a score stays in the cache.</summary>
    [Range(1, 3650)]
    public int CacheDays { get; init; } = 7;

    /// <summary>How long the answer of a request that had an id is remembered for all replicas.</summary>
    [Range(1, 10080)]
    public int RequestIdMinutes { get; init; } = 60;

    /// <summary>How often the Learner is asked for its newest version, in case its announcement was missed.</summary>
    [Range(1, 86400)]
    public int RefreshSeconds { get; init; } = 30;

    /// <summary>Reward models that were trained elsewhere: the folder of each, by the name under which it is asked for.</summary>
    public IReadOnlyDictionary<string, string> Models { get; init; } = new Dictionary<string, string>();
}
