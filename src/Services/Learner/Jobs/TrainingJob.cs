using Google.Protobuf.Collections;
using Rlhf.Learner.StepLogs;
using Rlhf.Learner.Training;
using Rlhf.V1;

namespace Rlhf.Learner.Jobs;

/// <summary>One job and how far it is. Written by the training thread, read by any number of watchers.</summary>
internal sealed class TrainingJob : IProgress<TrainingStep>, IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cancellation = new();
    private readonly LearnerMetrics? _metrics;
    private readonly StepLog? _log;
    private readonly Job _job;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A job that waits for its turn.</summary>
    /// <param name="specification">Names it.</param>
    /// <param name="method">What it does.</param>
    /// <param name="refused">Items of its data that can't be used, by reason.</param>
    /// <param name="metrics">Where its figures go too.</param>
    /// <param name="log">And where to keep them; null for nowhere.</param>
    public TrainingJob(
        JobSpecification specification, ITrainingMethod method, IReadOnlyDictionary<string, long> refused, LearnerMetrics metrics, StepLog? log)
    {
        Method = method;
        _metrics = metrics;
        _log = log;
        _job = new Job { JobId = specification.JobId, State = JobState.Queued };
        foreach (var (reason, count) in refused)
        {
            _job.Refused[reason] = count;
        }
    }

    /// <summary>A job that ended before this process began.</summary>
    public TrainingJob(Job ended) => _job = ended;

    /// <summary>What the job does; null when it ended before this process began.</summary>
    public ITrainingMethod? Method { get; }

    /// <summary>Cancelled by <see cref="Cancel"/>.</summary>
    public CancellationToken Cancellation => _cancellation.Token;

    /// <summary>The job now.</summary>
    /// <param name="metricsFrom">How many steps' numbers to leave out from the front.</param>
    /// <returns>The job, and a task that completes when something has changed since.</returns>
    public (Job Job, Task Changed) Read(int metricsFrom)
    {
        lock (_lock)
        {
            var copy = _job.Clone();
            for (var i = 0; i < metricsFrom; i++)
            {
                copy.Metrics.RemoveAt(0);
            }

            return (copy, _changed.Task);
        }
    }

    /// <summary>Whether a job in this state will not change any more.</summary>
    public static bool IsEnded(JobState state) => state is JobState.Succeeded or JobState.Failed or JobState.Cancelled;

    /// <inheritdoc/>
    public void Report(TrainingStep value)
    {
        _metrics?.Record(Method?.Name ?? "", value.Values);
        _log?.Report(value);
        Change(job =>
        {
            job.StepsDone = value.Step;
            job.StepsWanted = value.StepsWanted;
            var metrics = new StepMetrics { Step = value.Step };
            AddAll(metrics.Values, value.Values);
            job.Metrics.Add(metrics);
        });
    }

    /// <summary>Counts an item that can't be used.</summary>
    public void Refuse(string reason) => Change(job => job.Refused[reason] = job.Refused.GetValueOrDefault(reason) + 1);

    /// <summary>Gets each warning when it is given, on the training thread.</summary>
    public Action<string>? Warned { get; set; }

    /// <summary>Tells what a person should look at, in a sentence; the job goes on.</summary>
    public void Warn(string message)
    {
        Warned?.Invoke(message);
        Change(job => job.Warnings.Add(message));
    }

    /// <summary>A version of this job can be downloaded.</summary>
    public void Published(string versionId) => Change(job => job.PublishedVersion = versionId);

    /// <summary>The job's final figures.</summary>
    public void Finish(IReadOnlyDictionary<string, double> results) => Change(job => AddAll(job.Results, results));

    /// <summary>Goes on to another state; a job that has ended stays as it is.</summary>
    /// <param name="state">The new state.</param>
    /// <param name="error">Why it failed, in one sentence.</param>
    public void Become(JobState state, string error = "") => Change(job =>
    {
        if (!IsEnded(job.State))
        {
            job.State = state;
            job.Error = error;
        }
    });

    /// <summary>Asks the job to end. One that waits ends at once, one that runs between two updates.</summary>
    public void Cancel()
    {
        bool isQueued;
        lock (_lock)
        {
            isQueued = _job.State == JobState.Queued;
        }

        if (isQueued)
        {
            Become(JobState.Cancelled);
        }

        _cancellation.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cancellation.Dispose();
        _log?.Dispose();
    }

    /// <summary>Closes the log of its steps; they are all in it.</summary>
    public void CloseLog() => _log?.Dispose();

    private static void AddAll(MapField<string, double> figures, IReadOnlyDictionary<string, double> values)
    {
        foreach (var (name, value) in values)
        {
            figures[name] = value;
        }
    }

    private void Change(Action<Job> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            change(_job);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
