using Rlhf.Learner.Training;

namespace Rlhf.Learner.StepLogs;

/// <summary>
/// Writes the figures of a job's steps into a folder: steps.jsonl, and event files for TensorBoard. What was logged of a step that is
/// done again, because the job was cut off, is replaced. For one thread at a time.
/// </summary>
/// <param name="folder">Made with the first step.</param>
internal sealed class StepLog(string folder) : IProgress<TrainingStep>, IDisposable
{
    /// <summary>The file of JSON lines.</summary>
    public const string FileName = "steps.jsonl";

    private StepFile? _steps;
    private EventFile? _events;

    /// <inheritdoc/>
    /// <exception cref="IOException">The disk is full, or can't be written.</exception>
    public void Report(TrainingStep value)
    {
        if (_steps is null)
        {
            Directory.CreateDirectory(folder);
        }

        _steps ??= new StepFile(Path.Combine(folder, FileName), value.Step);
        _events ??= new EventFile(folder, value.Step);
        var now = DateTimeOffset.UtcNow;
        _steps.Add(value.Step, value.StepsWanted, now, value.Values);
        _events.Add(value.Step, now, value.Values);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _steps?.Dispose();
        _events?.Dispose();
    }
}
