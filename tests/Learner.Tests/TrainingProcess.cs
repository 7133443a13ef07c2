using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rlhf.Learner.Tests;

/// <summary>The sample program that runs a job in a process of its own.</summary>
internal static class TrainingProcess
{
    /// <summary>Runs a job to its end, or until it is killed.</summary>
    /// <param name="data">Its data folder.</param>
    /// <param name="method">Which job.</param>
    /// <param name="whenTraining">Called when training begins; it may kill the process.</param>
    /// <returns>What came out; null when it was killed.</returns>
    public static async Task<string?> RunAsync(string data, string method, Action<Process> whenTraining)
    {
        string[] arguments =
            [Path.Combine(AppContext.BaseDirectory, "Rlhf.TrainingProcess.dll"), Testing.Fixtures.Path("models/stories260K/hf"), data, method];
        var start = new ProcessStartInfo(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet does not start.");
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var began = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.True(began == "training", began is null ? await errors : began);
        await Task.Run(() => whenTraining(process), TestContext.Current.CancellationToken);
        var outcome = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        const int Killed = 128 + 9;
        Assert.True(outcome is not null || process.ExitCode == Killed, await errors);
        return outcome;
    }
}
