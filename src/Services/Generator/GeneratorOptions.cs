using System.ComponentModel.DataAnnotations;
using Rlhf.LanguageModels.Decoding;

namespace Rlhf.Generator;

/// <summary>How the generator works. Configuration section "Generator".</summary>
public sealed record GeneratorOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Generator";

    private const string Float32 = "float32";
    private const string BFloat16 = "bfloat16";

    /// <summary>Queue messages in work at a time. The pool's members share the queue, so a high value lets one member take all.</summary>
    [Range(1, 1000)]
    public int Prefetch { get; init; } = 48;

    /// <summary>Versions kept in memory; the one that was not used for the longest time goes first.</summary>
    [Range(1, 100)]
    public int LoadedVersions { get; init; } = 4;

    /// <summary>
    /// What the weights are kept as: float32, or bfloat16 for half the memory and faster answers whose log-probabilities are not the
    /// Learner's any more.
    /// </summary>
    [AllowedValues(Float32, BFloat16)]
    public string Weights { get; init; } = Float32;

    /// <summary>Memory for keys and values, for each version at work. Requests wait until there is room for all that they may grow to.</summary>
    [Range(1, 10_000_000)]
    public int KeyValueMegabytes { get; init; } = 512;

    /// <summary>Prompts in one GenerateBatch or ScoreTokens call.</summary>
    [Range(1, 100_000)]
    public int MaxItemsPerCall { get; init; } = 4096;

    /// <summary>Samples of one prompt in one request.</summary>
    [Range(1, 4096)]
    public int MaxSamplesPerPrompt { get; init; } = 256;

    /// <summary>Prompts and continuations that callers of gRPC and HTTP may have in work or waiting; beyond it calls are refused until there is room.</summary>
    [Range(1, 10_000_000)]
    public int MaxWaitingRequests { get; init; } = 16_384;

    /// <summary>The longest answer of a chat request over HTTP that names no limit, in tokens.</summary>
    [Range(1, int.MaxValue)]
    public int DefaultMaxTokens { get; init; } = 1024;

    /// <summary>The largest body of an HTTP request.</summary>
    [Range(1024, 1 << 30)]
    public long MaxRequestBytes { get; init; } = 4 << 20;

    /// <summary>What <see cref="Weights"/> says.</summary>
    internal WeightFormat WeightFormat() => Weights == BFloat16 ? LanguageModels.Decoding.WeightFormat.Half : LanguageModels.Decoding.WeightFormat.Full;
}
