using System.Diagnostics;
using System.Globalization;
using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Training;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks;

/// <summary>Training steps as the Learner does them: forward, backward, bounded gradient, AdamW; next-token loss on 16 sequences of 128.</summary>
internal static class TrainBenchmark
{
    private const int Batch = 16;
    private const int Length = 128;
    private const int WarmUpSteps = 3;
    private const int Steps = 15; // of which the median counts

    public static void Run(int threads)
    {
        set_num_threads(threads);
        var config = DecodeBenchmark.Small;
        Console.WriteLine($"{threads} threads; a training step of {Batch} x {Length} tokens (forward, backward, bounded gradient, AdamW)");
        Console.WriteLine("| | tokens/s | to PyTorch | ms a step | matrix products, share of the step | GFLOP/s, share of the peak |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var pytorch = new PyTorchScript("train_pytorch.py").TokensPerSecond(config, threads, Batch, Length, WarmUpSteps, Steps);
        if (pytorch is { } rate)
        {
            Console.WriteLine($"| PyTorch float32 | {rate:F0} | 1 | {Batch * Length / rate * 1000:F0} | | |");
        }

        Report("TorchSharp float32", config, pytorch, ScalarType.Float32);
        Report("TorchSharp bfloat16 mixed", config, pytorch, ScalarType.BFloat16);
    }

    private static void Report(string name, ModelConfig config, double? pytorch, ScalarType type)
    {
        var seconds = SecondsAStep(config, type);
        var products = MatrixProducts.Seconds(config, Batch * Length, type);
        var speed = MatrixProducts.Operations(config, Batch * Length) / seconds;
        var tokens = Batch * Length / seconds;
        var ratio = pytorch is { } rate ? (tokens / rate).ToString("F2", CultureInfo.InvariantCulture) : "";
        Console.WriteLine(
            $"| {name} | {tokens:F0} | {ratio} | {seconds * 1000:F0} | {products * 1000:F0} ms, {products / seconds:P0} "
            + $"| {speed / 1e9:F0}, {speed / MatrixProducts.Peak(type):P0} |");
    }

    private static double SecondsAStep(ModelConfig config, ScalarType type)
    {
        using var model = CausalLanguageModel.Create(config, seed: 1);
        model.ProductType = type;
        model.SetTrainable(true);
        // The first token of each is the prompt, so that every position predicts.
        var examples = Enumerable.Range(0, Batch).Select(row => new EncodedExample(
            [.. Enumerable.Range(0, Length + 1).Select(column => ((row * (Length + 1)) + column) * 31 % config.VocabularySize)], PromptLength: 1)).ToArray();
        var lengths = examples.Select(example => example.TokenIds.Length).ToArray();
        int[] all = [.. Enumerable.Range(0, Batch)];
        using var optimizer = new AdamWOptimizer(new ParameterGroup(model.Parameters.Values, 1e-4, weightDecay: 0.01));
        var seconds = Enumerable.Range(0, WarmUpSteps + Steps).Select(step =>
        {
            var since = Stopwatch.GetTimestamp();
            var loss = SupervisedTrainer.Backward(model, all, examples, lengths);
            Update.Apply(optimizer, 1, loss, () => $"step {step}");
            return Stopwatch.GetElapsedTime(since).TotalSeconds;
        }).ToArray();
        return seconds[WarmUpSteps..].Order().ElementAt(Steps / 2);
    }
}
