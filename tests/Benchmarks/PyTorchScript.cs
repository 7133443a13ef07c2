using System.Diagnostics;
using System.Globalization;
using Rlhf.LanguageModels;

namespace Rlhf.Benchmarks;

/// <summary>A script beside this program, run by python3 with PyTorch: the peer of the same run.</summary>
/// <param name="name">The script's file name. It prints tokens a second, and the GFLOP/s of its matrix product.</param>
internal sealed class PyTorchScript(string name)
{
    // Debian's PyTorch takes whatever BLAS is there; the reference one does a few GFLOP/s and would flatter everyone else.
    private const double SlowBlas = 10;

    private bool _isMissing;

    /// <summary>With one thread or with all, whichever is faster: its threads often stand in each other's way. Null where python3 has no torch.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="threads">All threads.</param>
    /// <param name="numbers">What the script takes after shape and threads.</param>
    public double? TokensPerSecond(ModelConfig config, int threads, params int[] numbers) =>
        new[] { 1, threads }.Distinct().Max(count => Measure(
            [
                config.VocabularySize, config.HiddenSize, config.IntermediateSize, config.Layers, config.Heads, config.KeyValueHeads, config.HeadSize,
                count, .. numbers,
            ]));

    private double? Measure(int[] arguments)
    {
        if (_isMissing)
        {
            return null;
        }

        // Debian's own, where there is one: it sees Debian's packages.
        var start = new ProcessStartInfo(File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, name));
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
