using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.CommandLine.Rewards;

/// <summary>
/// Scores by any program. It is started for each step, gets a JSON object a line on its input ("prompt", "response"), and writes a
/// number a line. So it may read all of its input before it answers.
/// </summary>
/// <param name="command">The program and its arguments.</param>
internal sealed class CommandReward(IReadOnlyList<string> command) : IReward
{
    private const int ErrorLength = 500;

    /// <inheritdoc/>
    public double[] Score(IReadOnlyList<SampledResponse> responses, CancellationToken cancellationToken)
    {
        using var process = Start();
        using var killing = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var answer = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var complaint = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            foreach (var response in responses)
            {
                process.StandardInput.WriteLine(new JsonObject { ["prompt"] = response.Prompt, ["response"] = response.Response }.ToJsonString());
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read all; its exit code or its answer says what is wrong.
        }

        Task.WaitAll([answer, complaint], cancellationToken);
        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            var why = complaint.Result.Trim();
            throw Failure($"ended with exit code {process.ExitCode}{(why.Length == 0 ? "" : $": {why[^Math.Min(why.Length, ErrorLength)..]}")}");
        }

        string[] lines = [.. answer.Result.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        return lines.Length == responses.Count
            ? [.. lines.Select(Number)]
            : throw Failure($"wrote {lines.Length} numbers for {responses.Count} responses");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            return Process.Start(start) ?? throw Failure("can't be started");
        }
        catch (Win32Exception exception)
        {
            throw Failure($"can't be started ({exception.Message})");
        }
    }

    private double Number(string line) =>
        double.TryParse(line, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw Failure($"wrote '{line}', which is no finite number");

    private TrainingException Failure(string what) => new($"The reward command '{string.Join(' ', command)}' {what}.");
}
