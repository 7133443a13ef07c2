using System.Diagnostics;
using System.Globalization;
using Rlhf.LanguageModels;

namespace Rlhf.Benchmarks;

/// <summary>The same through PyTorch: a script beside this program, run by python3.</summary>
internal static class PyTorchDecode
{
    // Debian's PyTorch takes whatever BLAS is there; the reference one does a few GFLOP/s and would flatter everyone else.
    private const double SlowBlas = 10;

    private static bool _isMissing;

    /// <summary>With one thread or with all, whichever is faster: its threads often stand in each other's way. Null where python3 has no torch.</summary>
    public static double? TokensPerSecond(ModelConfig config, int threads, int batch, int promptLength, int warmUpSteps, int steps) =>
        new[] { 1, threads }.Distinct().Max(count => Measure(config, count, batch, promptLength, warmUpSteps, steps));

    private static double? Measure(ModelConfig config, int threads, int batch, int promptLength, int warmUpSteps, int steps)
    {
        if (_isMissing)
        {
            return null;
        }

        // Debian's own, where there is one: it sees Debian's packages.
        var start = new ProcessStartInfo(File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3") { RedirectStandardOutput = true, RedirectStandardError = true };
        int[] arguments =
        [
            config.VocabularySize, config.HiddenSize, config.IntermediateSize, config.Layers, config.Heads, config.KeyValueHeads, config.HeadSize,
            threads, batch, promptLength, warmUpSteps, steps,
        ];
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "decode_pytorch.py"));
        foreach (var number in arguments)
        {
            start.ArgumentList.Add(number.ToString(CultureInfo.InvariantCulture));
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start");
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode == 0)
        {
            var numbers = output.Split(' ', StringSplitOptions.TrimEntries).Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray();
            if (numbers[1] < SlowBlas)
            {
                Console.WriteLine($"PyTorch's matrix product does {numbers[1]:F1} GFLOP/s: not a fair peer (Debian: apt-get install libopenblas0-pthread)");
            }

            return numbers[0];
        }

        _isMissing = true;
        Console.WriteLine($"No PyTorch: {error.Result.Trim().Split('\n')[^1]} (Debian: apt-get install python3-torch libopenblas0-pthread)");
        return null;
    }
}
