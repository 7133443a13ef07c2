using Grpc.Core;
using Rlhf.Artifacts;
using Rlhf.Learner.Jobs;
using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.Learner.Grpc;

/// <summary>The gRPC service: starts, shows and cancels jobs, lists versions, streams their files.</summary>
internal sealed class LearningEndpoint(
    JobIntake intake, JobQueue queue, VersionCatalog catalog, ArtifactStore store, IHostApplicationLifetime lifetime) : LearningService.LearningServiceBase
{
    // A watcher sees a few updates a second, however fast the steps are.
    private static readonly TimeSpan s_watchInterval = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    public override async Task<Job> StartJob(IAsyncStreamReader<StartJobRequest> requestStream, ServerCallContext context)
    {
        JobSpecification? specification = null;
        var data = new JobData();
        await foreach (var request in requestStream.ReadAllAsync(context.CancellationToken))
        {
            switch (request.PartCase)
            {
                case StartJobRequest.PartOneofCase.Specification when specification is null:
                    specification = request.Specification;
                    break;
                case StartJobRequest.PartOneofCase.Data when specification is not null:
                    data.MergeFrom(request.Data);
                    break;
                default:
                    throw new ArgumentException("The first message must be the job's specification, all others its data.", nameof(requestStream));
            }
        }

        if (specification is null)
        {
            throw new ArgumentException("The job's specification is missing.", nameof(requestStream));
        }

        var job = queue.Find(specification.JobId) ?? queue.Add(specification.JobId, intake.Read(specification, data));
        return job.Read(0).Job;
    }

    /// <inheritdoc/>
    public override Task<Job> GetJob(GetJobRequest request, ServerCallContext context) =>
        Task.FromResult(queue.Get(request.JobId).Read(0).Job);

    /// <inheritdoc/>
    public override async Task WatchJob(WatchJobRequest request, IServerStreamWriter<Job> responseStream, ServerCallContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var job = queue.Get(request.JobId);
        for (var seen = 0; ;)
        {
            var (now, changed) = job.Read(seen);
            seen += now.Metrics.Count;
            await responseStream.WriteAsync(now, ended.Token);
            if (TrainingJob.IsEnded(now.State))
            {
                return;
            }

            await changed.WaitAsync(ended.Token);
            await Task.Delay(s_watchInterval, ended.Token);
        }
    }

    /// <inheritdoc/>
    public override Task<Job> CancelJob(CancelJobRequest request, ServerCallContext context)
    {
        var job = queue.Get(request.JobId);
        job.Cancel();
        return Task.FromResult(job.Read(0).Job);
    }

    /// <inheritdoc/>
    public override Task<ListVersionsResponse> ListVersions(ListVersionsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListVersionsResponse { Versions = { catalog.List(request.RunId) } });

    /// <inheritdoc/>
    public override Task<ModelVersion> GetVersion(GetVersionRequest request, ServerCallContext context) =>
        Task.FromResult(catalog.Get(request.VersionId));

    /// <inheritdoc/>
    public override async Task Download(DownloadRequest request, IServerStreamWriter<DownloadChunk> responseStream, ServerCallContext context)
    {
        if (!store.Contains(request.Sha256))
        {
            throw new KeyNotFoundException($"No artifact {request.Sha256} is stored here.");
        }

        await foreach (var chunk in store.ReadAsync(request.Sha256, request.Offset, context.CancellationToken))
        {
            await responseStream.WriteAsync(chunk, context.CancellationToken);
        }
    }
}
