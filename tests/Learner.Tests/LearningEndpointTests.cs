using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

/// <summary>What all jobs have in common.</summary>
public sealed class LearningEndpointTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("learner-tests-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task The_same_job_again_is_the_same_job_also_after_a_restart()
    {
        var specification = JobSamples.FineTuning("job-1", "run/sft/v1");
        Job first;
        await using (var host = await LearnerHost.StartAsync(_data))
        {
            await host.StartJobAsync(specification, JobSamples.Stories(4));
            var again = await host.StartJobAsync(specification, JobSamples.Stories(9));
            Assert.Equal("job-1", again.JobId);
            first = await host.WatchAsync("job-1");
            Assert.Single(host.Published);
        }

        await using var restarted = await LearnerHost.StartAsync(_data);
        Assert.Equal(first, await restarted.StartJobAsync(specification, JobSamples.Stories(4)));
        Assert.Equal(first, await restarted.Client.GetJobAsync(new GetJobRequest { JobId = "job-1" }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Empty(restarted.Published);
        var versions = await restarted.Client.ListVersionsAsync(new ListVersionsRequest { RunId = "run" }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("run/sft/v1", Assert.Single(versions.Versions).VersionId);
    }

    [Fact]
    public async Task Bad_requests_say_what_is_wrong()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        async Task<RpcException> Refused(JobSpecification specification, params JobData[] data) =>
            await Assert.ThrowsAsync<RpcException>(() => host.StartJobAsync(specification, data));

        var error = await Refused(JobSamples.FineTuning("job-1", ""), JobSamples.Stories(4));
        Assert.Equal((StatusCode.InvalidArgument, "published_version is empty."), (error.StatusCode, error.Status.Detail));
        error = await Refused(JobSamples.FineTuning("job-1", "v1"));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("no usable item in 'supervised'", error.Status.Detail, StringComparison.Ordinal);
        var unknown = JobSamples.FineTuning("job-1", "v1");
        unknown.InitialVersion = "nothing/v1";
        error = await Refused(unknown, JobSamples.Stories(4));
        Assert.Contains("No version 'nothing/v1'", error.Status.Detail, StringComparison.Ordinal);
        var outOfRange = JobSamples.FineTuning("job-1", "v1");
        outOfRange.Supervised.Epochs = -3;
        error = await Refused(outOfRange, JobSamples.Stories(4));
        Assert.Contains("Epochs must be between 1 and 1000", error.Status.Detail, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<RpcException>(async () => await host.Client.GetJobAsync(new GetJobRequest { JobId = "job-1" }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        error = await Assert.ThrowsAsync<RpcException>(async () => await host.Client.GetVersionAsync(new GetVersionRequest { VersionId = "v1" }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task A_cancelled_job_ends_and_the_next_one_runs()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var endless = JobSamples.FineTuning("job-1", "run/sft/v1");
        endless.Supervised.Epochs = 1000;
        await host.StartJobAsync(endless, JobSamples.Stories(20));
        await host.StartJobAsync(JobSamples.FineTuning("job-2", "run/sft/v2"), JobSamples.Stories(4));
        await host.Client.CancelJobAsync(new CancelJobRequest { JobId = "job-1" }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(JobState.Cancelled, (await host.WatchAsync("job-1")).State);
        Assert.Equal(JobState.Succeeded, (await host.WatchAsync("job-2")).State);
        Assert.Equal("run/sft/v2", Assert.Single(host.Published).Version.VersionId);
    }
}
