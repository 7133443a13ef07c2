using System.ComponentModel.DataAnnotations;

namespace Rlhf.Judge;

/// <summary>How the Judge asks its language model. Configuration section "Judge".</summary>
internal sealed record JudgeOptions
{
    public const string Section = "Judge";
    public const ushort DefaultPrefetch = 64;

    /// <summary>The version that compares, unless a request names another. "base" is the configured model.</summary>
    [Required]
    public string Version { get; init; } = "base";

    /// <summary>Divides the logits when answers, critiques and revisions are sampled. Constitutional AI samples at 1; a small model writes cleaner text below it.</summary>
    [Range(0, 10)]
    public float Temperature { get; init; } = .7f;

    /// <summary>Longest answer, critique or revision in tokens, where a request says nothing.</summary>
    [Range(1, 1 << 20)]
    public int MaxNewTokens { get; init; } = 96;

    /// <summary>Most rounds of critique and revision, where a request says nothing (Constitutional AI: 4).</summary>
    [Range(1, 64)]
    public int MaxRounds { get; init; } = 4;

    /// <summary>A revision that is preferred to the answer before it with at least this probability ends the rounds.</summary>
    [Range(.5, 1)]
    public double SatisfactoryHarmlessness { get; init; } = .8;

    /// <summary>How often a text is sampled, each time with another seed, until there is something to read.</summary>
    [Range(1, 16)]
    public int MaxSamplingAttempts { get; init; } = 3;

    /// <summary>Messages of a queue in work at a time. They wait for the generator pool, not for this process.</summary>
    [Range(1, 4096)]
    public ushort Prefetch { get; init; } = DefaultPrefetch;

    /// <summary>Most items in one call of the pool. Half the prefetch, so that two generators share what is in work.</summary>
    [Range(1, 1024)]
    public int MaxItemsPerCall { get; init; } = 32;

    /// <summary>How long the first item of a call waits for others to come along.</summary>
    [Range(0, 1000)]
    public int CollectMilliseconds { get; init; } = 5;

    /// <summary>Deadline of one call of the pool.</summary>
    [Range(1, 3600)]
    public int CallTimeoutSeconds { get; init; } = 300;

    /// <summary>How long an unavailable pool is tried again before its items fail.</summary>
    [Range(0, 3600)]
    public int PatienceSeconds { get; init; } = 60;
}
