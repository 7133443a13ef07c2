using System.Diagnostics;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Coordinator.Runs;

/// <summary>
/// Has a job done by the Learner, whatever happens to the Learner meanwhile: a lost connection is tried again, a job that a
/// restarted Learner no longer knows is started again under the same id.
/// </summary>
internal sealed partial class LearnerJobs(LearningService.LearningServiceClient client, ILogger<LearnerJobs> logger)
{
    private const int ExamplesAMessage = 256;
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan _firstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _maxDelay = TimeSpan.FromSeconds(5);

    /// <summary>Returns the job when it has succeeded.</summary>
    /// <param name="specification">Names the job.</param>
    /// <param name="data">All of its data; sent in pieces.</param>
    /// <param name="onUpdate">Called with every state the Learner tells.</param>
    /// <param name="cancellationToken">Stops waiting. The job goes on; see <see cref="CancelAsync"/>.</param>
    /// <exception cref="StageFailedException">The job failed or was cancelled, or the Learner stayed away.</exception>
    public async Task<Job> RunAsync(
        JobSpecification specification, JobData data, Func<Job, Task> onUpdate, CancellationToken cancellationToken)
    {
        var away = Stopwatch.StartNew();
        for (var failures = 0; ;)
        {
            try
            {
                var job = await FindAsync(specification.JobId, cancellationToken) ?? await StartAsync(specification, data, cancellationToken);
                failures = 0;
                away.Restart();
                job = await WatchAsync(job, onUpdate, away, cancellationToken);
                switch (job.State)
                {
                    case JobState.Succeeded:
                        return job;
                    case JobState.Failed:
                        throw new StageFailedException(job.Error.Length > 0 ? job.Error : "the learner's job failed without a reason");
                    case JobState.Cancelled:
                        throw new StageFailedException("the learner's job was cancelled");
                }
            }
            catch (RpcException exception) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException("the call to the learner was cancelled", exception, cancellationToken);
            }
            catch (RpcException exception) when (IsPassing(exception.StatusCode))
            {
                if (away.Elapsed > _patience)
                {
                    throw new StageFailedException($"the learner was out of reach for {_patience.TotalMinutes:0} minutes: {exception.Status.Detail}");
                }

                LogLearnerAway(logger, specification.JobId, exception.Status.Detail);
            }
            catch (RpcException exception)
            {
                throw new StageFailedException($"the learner refused the job: {exception.Status.Detail}");
            }

            var delay = _firstDelay * Math.Pow(2, failures++);
            await Task.Delay(delay < _maxDelay ? delay : _maxDelay, cancellationToken);
        }
    }

    /// <summary>Asks the Learner to end a job; one it does not know, or can't be asked about, is left alone.</summary>
    public async Task CancelAsync(string jobId, CancellationToken cancellationToken)
    {
        try
        {
            await client.CancelJobAsync(new CancelJobRequest { JobId = jobId }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception)
        {
            LogLearnerAway(logger, jobId, exception.Status.Detail);
        }
    }

    private static bool IsPassing(StatusCode code) =>
        code is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted or StatusCode.Internal
            or StatusCode.Cancelled or StatusCode.Unknown or StatusCode.NotFound or StatusCode.ResourceExhausted;

    private async Task<Job?> FindAsync(string jobId, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetJobAsync(new GetJobRequest { JobId = jobId }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.NotFound)
        {
            return null;
        }
    }

    private async Task<Job> StartAsync(JobSpecification specification, JobData data, CancellationToken cancellationToken)
    {
        using var call = client.StartJob(cancellationToken: cancellationToken);
        await call.RequestStream.WriteAsync(new StartJobRequest { Specification = specification }, cancellationToken);
        foreach (var piece in Pieces(data))
        {
            await call.RequestStream.WriteAsync(new StartJobRequest { Data = piece }, cancellationToken);
        }

        await call.RequestStream.CompleteAsync();
        return await call.ResponseAsync;
    }

    private static IEnumerable<JobData> Pieces(JobData data)
    {
        foreach (var chunk in data.Supervised.Chunk(ExamplesAMessage))
        {
            yield return new JobData { Supervised = { chunk } };
        }

        foreach (var chunk in data.Preferences.Chunk(ExamplesAMessage))
        {
            yield return new JobData { Preferences = { chunk } };
        }

        foreach (var chunk in data.Ratings.Chunk(ExamplesAMessage))
        {
            yield return new JobData { Ratings = { chunk } };
        }

        foreach (var chunk in data.Prompts.Chunk(ExamplesAMessage))
        {
            yield return new JobData { Prompts = { chunk } };
        }
    }

    private async Task<Job> WatchAsync(Job job, Func<Job, Task> onUpdate, Stopwatch away, CancellationToken cancellationToken)
    {
        await onUpdate(job);
        if (IsEnded(job))
        {
            return job;
        }

        using var call = client.WatchJob(new WatchJobRequest { JobId = job.JobId }, cancellationToken: cancellationToken);
        while (await call.ResponseStream.MoveNext(cancellationToken))
        {
            job = call.ResponseStream.Current;
            away.Restart();
            await onUpdate(job);
            if (IsEnded(job))
            {
                return job;
            }
        }

        return job;
    }

    private static bool IsEnded(Job job) => job.State is JobState.Succeeded or JobState.Failed or JobState.Cancelled;

    [LoggerMessage(Level = LogLevel.Warning, Message = "The learner can't be asked about job '{JobId}' for now: {Reason}")]
    private static partial void LogLearnerAway(ILogger logger, string jobId, string reason);
}
