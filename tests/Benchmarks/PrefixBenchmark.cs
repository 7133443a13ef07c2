using System.Diagnostics;
using System.Globalization;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;

namespace Rlhf.Benchmarks;

/// <summary>Many samples of one prompt, against the prompt once and as many decodes of sequences that have it already.</summary>
internal static class PrefixBenchmark
{
    private const int PromptLength = 256;
    private const int Samples = 64;
    private const int NewTokens = 48;

    public static void Run(ModelConfig config, int threads)
    {
        using var source = CausalLanguageModel.Create(config, seed: 1);
        using var model = DecodingModel.Pack(source, threads);
        Measure(model);
        var (prompt, decode, together) = Measure(model);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Samples} samples of {NewTokens} tokens of one prompt of {PromptLength}: {together:F3} s; the prompt once {prompt:F3} s and {Samples} decodes {decode:F3} s: {together / (prompt + decode):F2}x"));
    }

    private static (double Prompt, double Decode, double Together) Measure(DecodingModel model)
    {
        var since = Stopwatch.GetTimestamp();
        using var prefix = Prompt(model);
        var prompt = Stopwatch.GetElapsedTime(since).TotalSeconds;

        var separate = Enumerable.Range(0, Samples).Select(_ => Prompt(model)).ToList();
        since = Stopwatch.GetTimestamp();
        Decode(model, separate);
        var decode = Stopwatch.GetElapsedTime(since).TotalSeconds;
        separate.ForEach(sequence => sequence.Dispose());

        since = Stopwatch.GetTimestamp();
        using var shared = Prompt(model);
        var forks = Enumerable.Range(0, Samples).Select(_ => shared.Fork()).ToList();
        Decode(model, forks);
        var together = Stopwatch.GetElapsedTime(since).TotalSeconds;
        forks.ForEach(sequence => sequence.Dispose());
        return (prompt, decode, together);
    }

    private static DecodingSequence Prompt(DecodingModel model)
    {
        var sequence = model.NewSequence();
        foreach (var step in Enumerable.Range(0, PromptLength).Chunk(DecodingModel.MaxRows))
        {
            model.Append([.. step.Select(p => new DecodingRow(sequence, p * 7 % model.Config.VocabularySize, IsAsked: p == PromptLength - 1))]);
        }

        return sequence;
    }

    private static void Decode(DecodingModel model, List<DecodingSequence> sequences)
    {
        for (var step = 0; step < NewTokens; step++)
        {
            model.Append([.. sequences.Select((sequence, i) => new DecodingRow(sequence, ((i * 31) + step) % model.Config.VocabularySize, IsAsked: true))]);
        }
    }
}
