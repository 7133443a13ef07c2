using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Decoding;
using TorchSharp;

namespace Rlhf.Benchmarks;

/// <summary>From a folder on a warm disk to a model that can decode, each in a process of its own; random weights of SmolLM2-135M's shape.</summary>
internal static class LoadBenchmark
{
    private const int Repetitions = 5;

    private static readonly ModelConfig Shape = new()
    {
        VocabularySize = 49152,
        HiddenSize = 576,
        IntermediateSize = 1536,
        Layers = 30,
        Heads = 9,
        KeyValueHeads = 3,
        HeadSize = 64,
        ContextLength = 8192,
        HasTiedHead = true,
    };

    /// <summary>The command "load", and the hidden one that it starts for each load in a process of its own.</summary>
    public static IEnumerable<Command> Create(Option<int> threads)
    {
        var model = new Option<DirectoryInfo>("--model") { Description = "Only what another adapter costs on this model folder." };
        model.AcceptExistingOnly();
        var load = new Command("load", "Seconds and memory from a folder to a model of 135 million parameters that can decode (writes 0.9 GB to the temporary folder).") { threads, model };
        load.SetAction(parsed =>
        {
            if (parsed.GetValue(model) is { } chosen)
            {
                MeasureUpdates(chosen.FullName, parsed.GetValue(threads));
                return;
            }

            Run(parsed.GetValue(threads));
        });
        var (folder, way, once) = (new Argument<string>("folder"), new Argument<string>("way"), new Argument<int>("threads"));
        var loadOnce = new Command("load-once", "One load in this process, for load.") { folder, way, once };
        loadOnce.Hidden = true;
        loadOnce.SetAction(parsed => Once(parsed.GetRequiredValue(folder), parsed.GetRequiredValue(way), parsed.GetValue(once)));
        return [load, loadOnce];
    }

    /// <summary>Measures all ways, with either stored type.</summary>
    public static void Run(int threads)
    {
        Console.WriteLine($"{threads} threads; seconds until a model can decode (best of {Repetitions}), and the process's peak memory as a ratio to the packed weights");
        foreach (var type in (torch.ScalarType[])[torch.ScalarType.BFloat16, torch.ScalarType.Float32])
        {
            var folder = Written(type);
            foreach (var way in (string[])["tensors", "files"])
            {
                var runs = Enumerable.Range(0, Repetitions).Select(_ => InOwnProcess(folder, way, threads)).ToList();
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{type,-9} {(way == "files" ? "packed straight from the files" : "loaded as tensors, then packed"),-31} {runs.Min(run => run.Seconds),6:F2} s  {runs.Max(run => run.PeakBytes) / 1e6,6:F0} MB ({(double)runs.Max(run => run.PeakBytes) / runs[0].WeightBytes:F2}x of {runs[0].WeightBytes / 1e6:F0} MB)"));
            }

            MeasureUpdates(folder, threads);
        }
    }

    /// <summary>One load, for <see cref="Run"/>: prints seconds, peak bytes and bytes of the packed weights.</summary>
    public static void Once(string folder, string way, int threads)
    {
        var since = Stopwatch.GetTimestamp();
        using var model = way == "files" ? FromFiles(folder, threads) : FromTensors(folder, null, threads);
        var seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds} {Process.GetCurrentProcess().PeakWorkingSet64} {model.WeightBytes}"));
    }

    /// <summary>What another adapter of the same base costs: all loaded anew, and in place.</summary>
    public static void MeasureUpdates(string folder, int threads)
    {
        var adapter = WrittenAdapter(folder);
        try
        {
            var anew = Best(() => FromTensors(folder, adapter, threads).Dispose());
            using var checkpoint = new Checkpoint(folder);
            using var model = DecodingModel.Pack(checkpoint, null, threads);
            var inPlace = Best(() => model.Repack(checkpoint, adapter));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"another adapter on {model.ParameterCount / 1e6:F1} million weights: loaded as tensors, merged, packed {1000 * anew:F1} ms; in place {1000 * inPlace:F1} ms ({anew / inPlace:F1}x)"));
        }
        finally
        {
            Directory.Delete(adapter, recursive: true);
        }
    }

    private static double Best(Action action)
    {
        var seconds = new List<double>();
        for (var i = 0; i < Repetitions; i++)
        {
            var since = Stopwatch.GetTimestamp();
            action();
            seconds.Add(Stopwatch.GetElapsedTime(since).TotalSeconds);
        }

        return seconds.Min();
    }

    private static DecodingModel FromFiles(string folder, int threads)
    {
        using var checkpoint = new Checkpoint(folder);
        return DecodingModel.Pack(checkpoint, null, threads);
    }

    private static DecodingModel FromTensors(string folder, string? adapterFolder, int threads)
    {
        torch.set_num_threads(threads);
        using var model = CausalLanguageModel.Load(folder);
        if (adapterFolder is not null)
        {
            using var adapter = LoraAdapter.Load(model, adapterFolder);
            adapter.Merge();
        }

        return DecodingModel.Pack(model, threads);
    }

    private static (double Seconds, long PeakBytes, long WeightBytes) InOwnProcess(string folder, string way, int threads)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath ?? "dotnet") { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(LoadBenchmark).Assembly.Location);
        }

        foreach (var argument in (string[])["load-once", folder, way, threads.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("The process did not start.");
        var numbers = process.StandardOutput.ReadToEnd().Split(' ');
        process.WaitForExit();
        return (double.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture), long.Parse(numbers[2], CultureInfo.InvariantCulture));
    }

    private static string Written(torch.ScalarType type)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"rlhf-load-benchmark-{type}");
        if (!File.Exists(Path.Combine(folder, "config.json")))
        {
            using var model = CausalLanguageModel.Create(Shape, seed: 1);
            using var scope = torch.NewDisposeScope();
            Directory.CreateDirectory(folder);
            SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), model.Parameters.ToDictionary(p => p.Key, p => p.Value.detach().to(type)));
            var rest = Directory.CreateTempSubdirectory();
            model.Save(rest.FullName, 1, 2);
            File.Move(Path.Combine(rest.FullName, "config.json"), Path.Combine(folder, "config.json"));
            rest.Delete(recursive: true);
        }

        return folder;
    }

    private static string WrittenAdapter(string folder)
    {
        var adapterFolder = Directory.CreateTempSubdirectory("rlhf-adapter-").FullName;
        using var model = CausalLanguageModel.Load(folder);
        using var adapter = LoraAdapter.Create(model, new LoraOptions(), seed: 1);
        adapter.Save(adapterFolder, "base");
        return adapterFolder;
    }
}
