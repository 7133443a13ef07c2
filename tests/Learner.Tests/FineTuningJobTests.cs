using Rlhf.LanguageModels;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class FineTuningJobTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("learner-tests-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_fine_tuned_model_can_be_downloaded_and_loaded()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var specification = JobSamples.FineTuning("job-1", "run/sft/v1");
        var started = await host.StartJobAsync(specification, JobSamples.Stories(20), JobSamples.Stories(12));
        Assert.Equal("job-1", started.JobId);
        var job = await host.WatchAsync("job-1");
        Assert.Equal((JobState.Succeeded, ""), (job.State, job.Error));
        Assert.Equal(4, job.StepsDone); // 32 examples, 16 an update, twice
        Assert.Equal([1, 2, 3, 4], job.Metrics.Select(metrics => (int)metrics.Step));
        Assert.True(job.Results["loss_last"] < job.Results["loss_first"]);
        Assert.Equal("run/sft/v1", job.PublishedVersion);
        Assert.Equal(1, job.Refused["too_long"]);
        Assert.Equal(1, job.Refused["empty_response"]);
        var log = Assert.Single(Directory.EnumerateDirectories(Path.Combine(_data, "steps"), "job-1-*"));
        Assert.Equal(4, File.ReadLines(Path.Combine(log, "steps.jsonl")).Count());
        Assert.Equal(
            job.Metrics.Select(metrics => (float)metrics.Values["loss"]),
            EventFileReader.ReadFolder(log).Where(item => item.Summary is not null).Select(item => item.Summary.Value.Single(value => value.Tag == "loss").SimpleValue));

        var version = await host.Client.GetVersionAsync(new GetVersionRequest { VersionId = "run/sft/v1" }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((VersionKind.Policy, "base"), (version.Kind, version.BaseVersionId));
        Assert.Equal(("run", "job-1", "sft", 7UL), (version.Provenance.RunId, version.Provenance.JobId, version.Provenance.Method, version.Provenance.Seed));
        Assert.Equal(version, Assert.Single(host.Published).Version);
        var folder = await host.DownloadAsync(version);
        using var model = CausalLanguageModel.Load(folder);
        Assert.Equal(TextTokenizer.Load(Testing.Fixtures.Path("models/stories260K/hf")).Hash, TextTokenizer.Load(folder).Hash);
        Assert.True(File.Exists(Path.Combine(folder, "generation_config.json"))); // which says where a response ends
    }
}
