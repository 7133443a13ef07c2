using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using TorchSharp;

namespace Rlhf.Benchmarks;

/// <summary>Greedy decoding after a short prompt, random weights.</summary>
internal static class DecodeBenchmark
{
    private const int PromptLength = 16;
    private const int WarmUpSteps = 8;
    private const int Repetitions = 3; // of which the best counts: the first ones run code that isn't optimised yet

    /// <summary>5 million weights.</summary>
    internal static readonly ModelConfig Small = new()
    {
        VocabularySize = 2048,
        HiddenSize = 256,
        IntermediateSize = 688,
        Layers = 6,
        Heads = 8,
        KeyValueHeads = 4,
        HeadSize = 32,
        ContextLength = 512,
        HasTiedHead = true,
    };

    private static readonly ModelConfig Large = new()
    {
        VocabularySize = 49152,
        HiddenSize = 576,
        IntermediateSize = 1536,
        Layers = 30,
        Heads = 9,
        KeyValueHeads = 3,
        HeadSize = 64,
        ContextLength = 512,
        HasTiedHead = true,
    };

    private static readonly PyTorchScript s_pytorch = new("decode_pytorch.py");

    /// <summary>The command "decode".</summary>
    public static Command Create(Option<int> threads)
    {
        var large = new Option<bool>("--large") { Description = "Also a model of 135 million parameters (takes minutes and 2 GB)." };
        var command = new Command("decode", "Tokens a second: packed weights, TorchSharp, and PyTorch where python3 has it.") { threads, large };
        command.SetAction(parsed => Run(parsed.GetValue(threads), parsed.GetValue(large)));
        return command;
    }

    public static void Run(int threads, bool withLarge)
    {
        torch.set_num_threads(threads);
        Console.WriteLine($"{threads} threads; tokens a second (ratio to PyTorch, else to TorchSharp; of one token a step, the share of the read bandwidth)");
        Measure("5M", Small, threads, steps: 128);
        PrefixBenchmark.Run(Small, threads);
        if (withLarge)
        {
            Measure("135M", Large, threads, steps: 24);
        }
    }

    private static void Measure(string name, ModelConfig config, int threads, int steps)
    {
        using var model = CausalLanguageModel.Create(config, seed: 1);
        foreach (var batch in (int[])[1, 16, 64])
        {
            var pytorch = s_pytorch.TokensPerSecond(config, threads, batch, PromptLength, WarmUpSteps, steps);
            var tensors = Best(() => Tensors(batch));
            var peer = pytorch ?? tensors;
            Console.WriteLine(
                $"{name,-5} batch {batch,-3} PyTorch {(pytorch is { } rate ? Number(rate) : "not here"),9}  TorchSharp {Of(tensors, peer)}  "
                + $"packed float32 {Packed(WeightFormat.Full)}  packed bfloat16 {Packed(WeightFormat.Half)}");

            double Tensors(int sequences)
            {
                using var decoding = new TensorDecodingModel(model, threads);
                return Decode(decoding, sequences, steps);
            }

            string Packed(WeightFormat format)
            {
                using var packed = DecodingModel.Pack(model, threads, format);
                var tokens = Best(() => Decode(packed, batch, steps));
                // One token reads every weight once. Weights that the caches hold aren't read from memory.
                var share = batch == 1 && packed.WeightBytes > 256 << 20
                    ? string.Create(CultureInfo.InvariantCulture, $" {tokens * packed.WeightBytes / ReadBandwidth.BytesPerSecond(threads):P0} of reading")
                    : "";
                return Of(tokens, peer) + share;
            }
        }
    }

    private static double Decode(DecodingModel model, int batch, int steps)
    {
        var sequences = Enumerable.Range(0, batch).Select(_ => model.NewSequence()).ToList();
        foreach (var (i, sequence) in sequences.Index())
        {
            model.Append([.. Enumerable.Range(0, PromptLength).Select(p => new DecodingRow(sequence, ((i * 31) + (p * 7)) % model.Config.VocabularySize, IsAsked: false))]);
        }

        var tokens = new int[batch];
        var since = 0L;
        for (var step = 0; step < WarmUpSteps + steps; step++)
        {
            if (step == WarmUpSteps)
            {
                since = Stopwatch.GetTimestamp();
            }

            model.Append([.. sequences.Select((sequence, i) => new DecodingRow(sequence, tokens[i], IsAsked: true))]);
            model.OnAllThreads((worker, workers) =>
            {
                for (var i = worker; i < batch; i += workers)
                {
                    tokens[i] = TensorPrimitives.IndexOfMax<float>(model.Logits(i));
                }
            });
        }

        var rate = batch * steps / Stopwatch.GetElapsedTime(since).TotalSeconds;
        sequences.ForEach(sequence => sequence.Dispose());
        return rate;
    }

    private static double Best(Func<double> measure) => Enumerable.Range(0, Repetitions).Max(_ => measure());

    private static string Of(double rate, double peer) => $"{Number(rate),7} ({(rate / peer).ToString("F2", CultureInfo.InvariantCulture)}x)";

    private static string Number(double rate) => rate.ToString("F0", CultureInfo.InvariantCulture);
}
