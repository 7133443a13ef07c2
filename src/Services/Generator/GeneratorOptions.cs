using System.ComponentModel.DataAnnotations;

namespace Rlhf.Generator;

/// <summary>How the generator works. Configuration section "Generator".</summary>
public sealed record GeneratorOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Generator";

    /// <summary>Queue messages in work at a time. The pool's members share the queue, so a high value lets one member take all.</summary>
    [Range(1, 1000)]
    public int Prefetch { get; init; } = 48;

    /// <summary>Versions kept in memory; the one that was not used for the longest time goes first.</summary>
    [Range(1, 100)]
    public int LoadedVersions { get; init; } = 4;

    /// <summary>Prompts in one GenerateBatch or ScoreTokens call.</summary>
    [Range(1, 100_000)]
    public int MaxItemsPerCall { get; init; } = 4096;

    /// <summary>Samples of one prompt in one request.</summary>
    [Range(1, 4096)]
    public int MaxSamplesPerPrompt { get; init; } = 256;
}
