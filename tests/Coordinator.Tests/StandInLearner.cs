using System.Collections.Concurrent;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

/// <summary>Does jobs as the Learner would tell of them, at once.</summary>
public sealed class StandInLearner : LearningService.LearningServiceBase
{
    public ConcurrentDictionary<string, Job> Jobs { get; } = new();

    public ConcurrentDictionary<string, (JobSpecification Specification, JobData Data)> Started { get; } = new();

    /// <summary>So many calls of WatchJob are cut off as by a restart that forgets its jobs.</summary>
    public int Restarts { get; set; }

    public int Starts => _starts;

    private int _starts;

    public override async Task<Job> StartJob(IAsyncStreamReader<StartJobRequest> requestStream, ServerCallContext context)
    {
        var (specification, data) = (new JobSpecification(), new JobData());
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            if (request.PartCase == StartJobRequest.PartOneofCase.Specification)
            {
                specification = request.Specification;
            }
            else
            {
                data.MergeFrom(request.Data);
            }
        }

        Interlocked.Increment(ref _starts);
        Started[specification.JobId] = (specification, data);
        return Jobs.GetOrAdd(specification.JobId, id => new Job { JobId = id, State = JobState.Running, StepsWanted = 3 });
    }

    public override Task<Job> GetJob(GetJobRequest request, ServerCallContext context) => Jobs.TryGetValue(request.JobId, out var job)
        ? Task.FromResult(job)
        : throw new RpcException(new Status(StatusCode.NotFound, $"no job '{request.JobId}'"));

    public override async Task WatchJob(WatchJobRequest request, IServerStreamWriter<Job> responseStream, ServerCallContext context)
    {
        if (Restarts-- > 0)
        {
            Jobs.Clear();
            throw new RpcException(new Status(StatusCode.Unavailable, "restarting"));
        }

        await GetJob(new GetJobRequest { JobId = request.JobId }, context);
        var specification = Started[request.JobId].Specification;
        for (var step = 1; step <= 3; step++)
        {
            var job = new Job { JobId = request.JobId, State = step < 3 ? JobState.Running : JobState.Succeeded, StepsDone = step, StepsWanted = 3 };
            job.Metrics.Add(new StepMetrics { Step = step, Values = { ["loss"] = 1.0 / step, ["score"] = 0.1 * step, ["kl"] = 0.5 * step } });
            if (step == 3)
            {
                job.PublishedVersion = specification.PublishedVersion;
                job.Results.Add("pairwise_accuracy", 0.875);
                job.Results.Add("kl_final", 1.5);
                job.Results.Add("trainable_parameter_share", 0.01);
                Jobs[request.JobId] = job;
            }

            await responseStream.WriteAsync(job, context.CancellationToken);
        }
    }

    public override Task<Job> CancelJob(CancelJobRequest request, ServerCallContext context)
    {
        Jobs[request.JobId] = new Job { JobId = request.JobId, State = JobState.Cancelled };
        return Task.FromResult(Jobs[request.JobId]);
    }
}
