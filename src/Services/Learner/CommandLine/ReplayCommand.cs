using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Replays;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;
using Rlhf.ServiceDefaults;

namespace Rlhf.Learner.CommandLine;

/// <summary><c>replay --data FOLDER --job JOB --step N</c>: recomputes a PPO step and compares every number with what was logged.</summary>
internal static class ReplayCommand
{
    /// <summary>The program's first argument that leads here.</summary>
    public const string Name = "replay";

    private const int Success = 0;
    private const int Failure = 1;
    private const int UsageError = 2;

    /// <summary>Runs the command.</summary>
    /// <param name="args">The program's arguments, "replay" among them.</param>
    /// <param name="output">Where the table goes.</param>
    /// <param name="error">Where the sentence goes that says why there is none.</param>
    /// <returns>The exit code: 0 when all is equal to the bit, 1 when not or when it can't be told, 2 when the command line can't be.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var parsed = new RootCommand("The Learner. Without a command it is the service.") { Create(output) }.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"error: {parsed.Errors[0].Message} --help says more.");
            return UsageError;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidDataException or IOException or StartupException or TrainingException or UnauthorizedAccessException)
        {
            error.WriteLine("error: " + exception.Message); // written for people
            return Failure;
        }
    }

    /// <summary>The command, for a program that has others too.</summary>
    public static Command Create(TextWriter output)
    {
        var data = new Option<string>("--data") { Description = "The Learner's data folder. A running Learner is not disturbed.", HelpName = "FOLDER", Required = true };
        var job = new Option<string?>("--job") { Description = "The job's id.", HelpName = "JOB" };
        var run = new Option<string?>("--run") { Description = "The run's id, where it has one PPO job.", HelpName = "RUN" };
        var step = new Option<long>("--step") { Description = "The step, from 1.", HelpName = "N", Required = true };
        var model = new Option<string?>("--model") { Description = "The base model's folder, where it has moved since.", HelpName = "FOLDER" };
        var command = new Command(Name, "Recomputes a step of a PPO job and compares every number with what was logged.") { data, job, run, step, model };
        command.Validators.Add(result =>
        {
            if (result.GetValue(job) is null == result.GetValue(run) is null)
            {
                result.AddError("Give either --job or --run.");
            }

            if (result.GetResult(step) is not null && result.GetValue(step) < 1)
            {
                result.AddError("--step is counted from 1.");
            }
        });
        command.SetAction(parsed => Replay(
            parsed.GetRequiredValue(data), parsed.GetValue(job), parsed.GetValue(run), parsed.GetValue(step), parsed.GetValue(model), output));
        return command;
    }

    private static int Replay(string path, string? jobId, string? runId, long step, string? model, TextWriter output)
    {
        var data = DataFolder.ForReading(path);
        var (folder, record) = Find(data, jobId, runId);
        var checkpoints = new JobCheckpoints(folder, new CheckpointOptions(), fingerprint: null, NullLogger.Instance);
        var replay = new StepReplay(model is null ? record : record with { ModelFolder = model }, checkpoints, data);
        var figures = replay.Run(step);
        var width = figures.Max(figure => figure.Name.Length);
        foreach (var figure in figures)
        {
            output.WriteLine($"{figure.Name.PadRight(width)}  {Short(figure.Logged),-24}{Short(figure.Recomputed),-24}{(figure.IsEqual ? "equal" : "DIFFERENT")}");
        }

        var different = figures.Count(figure => !figure.IsEqual);
        output.WriteLine($"Step {step} of job {record.JobId}, threads {replay.Threads}: {figures.Count - different} of {figures.Count} are equal to the bit.");
        return different == 0 ? Success : Failure;
    }

    private static (string Folder, JobRecord Record) Find(DataFolder data, string? jobId, string? runId)
    {
        var kept = Directory.Exists(data.Checkpoints)
            ? Directory.EnumerateDirectories(data.Checkpoints).Select(folder => (folder, JobRecord.Find(folder))).ToArray()
            : [];
        var found = new List<(string Folder, JobRecord Record)>();
        foreach (var (folder, record) in kept)
        {
            if (record is not null && (jobId is null ? record.RunId == runId : record.JobId == jobId))
            {
                found.Add((folder, record));
            }
        }

        return found.Count switch
        {
            1 => found[0],
            0 => throw new InvalidDataException(
                $"{data.Checkpoints} has no PPO job of that id; it has {string.Join(", ", kept.Select(job => job.Item2?.JobId).OfType<string>().DefaultIfEmpty("none"))}."),
            _ => throw new InvalidDataException($"Run {runId} has several PPO jobs; give --job with one of {string.Join(", ", found.Select(job => job.Record.JobId))}."),
        };
    }

    // A file's checksum is too long for a table; its beginning tells as much.
    private static string Short(string? text) => text is null ? "-" : text[..Math.Min(text.Length, 22)];
}
