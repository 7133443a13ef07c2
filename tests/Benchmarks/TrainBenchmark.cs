using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Rlhf.LanguageModels;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks;

/// <summary>Training steps: next-token loss on 16 sequences of 128 against PyTorch, the cost of padding, and memory.</summary>
internal static class TrainBenchmark
{
    private const int Batch = 16;
    private const int Length = 128;
    private const int WarmUpSteps = 3;
    private const int Steps = 15; // of which the median counts

    private const int ShortPrompt = 16;
    private const int ShortResponses = 31;
    private const int ShortResponse = 32;
    private const int LongResponse = 64; // the one that is then doubled

    private static readonly ModelConfig s_config = DecodeBenchmark.Small;

    /// <summary>The command "train", and the hidden one that it starts for a few steps in a process of their own.</summary>
    public static IEnumerable<Command> Create(Option<int> threads)
    {
        var train = new Command("train", "Tokens a second of a training step of 5 million parameters, against PyTorch where python3 has it.") { threads };
        var texts = new Option<DirectoryInfo>("--data") { Description = "Folder of HH-RLHF's files, dev-train.harmless-base.jsonl and so on; without it, fine-tuning is measured on TinyAssistant's texts alone." };
        texts.AcceptExistingOnly();
        train.Options.Add(texts);
        train.SetAction(parsed => Run(parsed.GetValue(threads), parsed.GetValue(texts)?.FullName));
        var (way, once) = (new Argument<string>("way"), new Argument<int>("threads"));
        var trainOnce = new Command("train-once", "A few steps in this process, for train.") { way, once };
        trainOnce.Hidden = true;
        trainOnce.SetAction(parsed => Once(parsed.GetRequiredValue(way), parsed.GetValue(once)));
        return [train, trainOnce];
    }

    public static void Run(int threads, string? hhFolder)
    {
        set_num_threads(threads);
        Console.WriteLine($"{threads} threads; a training step of {Batch} x {Length} tokens (forward, backward, bounded gradient, AdamW)");
        Console.WriteLine("| | tokens/s | to PyTorch | ms a step | matrix products, share of the step | GFLOP/s, share of the peak |");
        Console.WriteLine("|---|---|---|---|---|---|");
        var pytorch = new PyTorchScript("train_pytorch.py").TokensPerSecond(s_config, threads, Batch, Length, WarmUpSteps, Steps);
        if (pytorch is { } rate)
        {
            Console.WriteLine($"| PyTorch float32 | {rate:F0} | 1 | {Batch * Length / rate * 1000:F0} | | |");
        }

        Report("TorchSharp float32", pytorch, ScalarType.Float32);
        Report("TorchSharp float32, blocks recomputed", pytorch, ScalarType.Float32, recomputes: true);
        Report("TorchSharp bfloat16 mixed", pytorch, ScalarType.BFloat16);
        PackingBenchmark.Run(s_config, hhFolder);
        ReportPadding();
        ReportMemory(threads);
    }

    /// <summary>Steps of one kind in this process; prints the most memory that it took.</summary>
    /// <param name="way">"supervised", "recomputed" or "bfloat16", or the same of "ppo"; anything else only makes the model.</param>
    public static void Once(string way, int threads)
    {
        set_num_threads(threads);
        var model = CausalLanguageModel.Create(s_config, seed: 1);
        model.ProductType = way == "bfloat16" ? ScalarType.BFloat16 : ScalarType.Float32;
        model.RecomputesBlocks = way == "recomputed";
        var examples = LearnerSteps.Examples(Enumerable.Repeat(Length + 1, Batch), promptLength: 1, s_config.VocabularySize);
        if (way is "supervised" or "recomputed" or "bfloat16")
        {
            var step = LearnerSteps.Supervised(model, examples);
            for (var i = 0; i < WarmUpSteps; i++)
            {
                step();
            }
        }
        else if (way.StartsWith("ppo", StringComparison.Ordinal))
        {
            var precision = way == "ppo bfloat16" ? Precision.Bfloat16 : Precision.Float32;
            LearnerSteps.Ppo(model, examples, WarmUpSteps, () => { }, precision, recomputes: way == "ppo recomputed");
        }

        Console.WriteLine(Process.GetCurrentProcess().PeakWorkingSet64);
    }

    private static void Report(string name, double? pytorch, ScalarType type, bool recomputes = false)
    {
        using var model = CausalLanguageModel.Create(s_config, seed: 1);
        model.ProductType = type;
        model.RecomputesBlocks = recomputes;
        var step = LearnerSteps.Supervised(model, LearnerSteps.Examples(Enumerable.Repeat(Length + 1, Batch), promptLength: 1, s_config.VocabularySize));
        var times = Enumerable.Range(0, WarmUpSteps + Steps).Select(_ =>
        {
            var since = Stopwatch.GetTimestamp();
            step();
            return Stopwatch.GetElapsedTime(since).TotalSeconds;
        }).ToArray();
        var seconds = Median(times[WarmUpSteps..]);
        var products = MatrixProducts.Seconds(s_config, Batch * Length, type);
        var speed = MatrixProducts.Operations(s_config, Batch * Length) / seconds;
        var tokens = Batch * Length / seconds;
        var ratio = pytorch is { } rate ? Number(tokens / rate) : "";
        Console.WriteLine(
            $"| {name} | {tokens:F0} | {ratio} | {seconds * 1000:F0} | {products * 1000:F0} ms, {products / seconds:P0} "
            + $"| {speed / 1e9:F0}, {speed / MatrixProducts.Peak(type):P0} |");
    }

    // A batch of short responses with one longer one, and the same with that one twice as long.
    private static void ReportPadding()
    {
        var (once, twice) = (PpoSeconds(LongResponse), PpoSeconds(2 * LongResponse));
        var real = (ShortResponses * (ShortPrompt + ShortResponse)) + ShortPrompt + LongResponse;
        Console.WriteLine(
            $"PPO step on {ShortResponses} responses of {ShortResponse} tokens and one of {LongResponse}: {once * 1000:F0} ms; with that one twice as long "
            + $"{twice * 1000:F0} ms, {(twice / once) - 1:P1} more for {(double)LongResponse / real:P1} more tokens");
        var (mixed, recomputed) = (PpoSeconds(LongResponse, Precision.Bfloat16), PpoSeconds(LongResponse, recomputes: true));
        Console.WriteLine(
            $"The first of them in bfloat16 mixed {mixed * 1000:F0} ms ({Number(once / mixed)} times as fast), with blocks recomputed {recomputed * 1000:F0} ms ({Number(once / recomputed)})");
    }

    private static double PpoSeconds(int longest, Precision precision = Precision.Float32, bool recomputes = false)
    {
        var examples = LearnerSteps.Examples(
            [.. Enumerable.Repeat(ShortPrompt + ShortResponse, ShortResponses), ShortPrompt + longest], ShortPrompt, s_config.VocabularySize);
        var times = new List<double>();
        var since = Stopwatch.GetTimestamp();
        void OnStep()
        {
            times.Add(Stopwatch.GetElapsedTime(since).TotalSeconds);
            since = Stopwatch.GetTimestamp();
        }

        LearnerSteps.Ppo(CausalLanguageModel.Create(s_config, seed: 1), examples, WarmUpSteps + Steps, OnStep, precision, recomputes);
        return Median(times[WarmUpSteps..]);
    }

    private static void ReportMemory(int threads)
    {
        var (model, supervised, recomputed) = (Peak("model", threads), Peak("supervised", threads), Peak("recomputed", threads));
        var (mixed, ppo) = (Peak("bfloat16", threads), Peak("ppo", threads));
        var (ppoRecomputed, ppoMixed) = (Peak("ppo recomputed", threads), Peak("ppo bfloat16", threads));
        Console.WriteLine(
            $"Most memory of a process, MB: with the model alone {model / 1e6:F0}, supervised steps {supervised / 1e6:F0}, with blocks recomputed {recomputed / 1e6:F0}, in bfloat16 mixed {mixed / 1e6:F0}, "
            + $"PPO with an adapter {ppo / 1e6:F0} ({Number(ppo / supervised)} of the supervised), with blocks recomputed {ppoRecomputed / 1e6:F0}, in bfloat16 mixed {ppoMixed / 1e6:F0}");
    }

    private static double Peak(string way, int threads)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath ?? "dotnet") { RedirectStandardOutput = true };
        string[] self = Path.GetFileNameWithoutExtension(start.FileName) == "dotnet" ? [typeof(TrainBenchmark).Assembly.Location] : [];
        foreach (var argument in (string[])[.. self, "train-once", way, threads.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("The process did not start.");
        return double.Parse(process.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
    }

    private static double Median(IReadOnlyCollection<double> times) => times.Order().ElementAt(times.Count / 2);

    private static string Number(double ratio) => ratio.ToString("F2", CultureInfo.InvariantCulture);
}
