using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class DpoJobTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("learner-tests-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Direct_preference_optimization_publishes_a_policy(bool isWhole)
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var specification = new JobSpecification
        {
            JobId = "job-3",
            RunId = "run",
            Seed = 1,
            PublishedVersion = "run/dpo/v1",
            Dpo = new DpoOptions { FullFineTuning = isWhole, LearningRate = 1e-3 },
        };
        var data = new JobData();
        for (var i = 0; i < 24; i++)
        {
            data.Preferences.Add(new PreferenceExample
            {
                Prompt = new Prompt { Text = "Once upon a time" },
                ResponseA = $"The {i} cats were happy.",
                ResponseB = i == 3 ? "" : $"The {i} dogs fell down.",
                PreferenceA = 0.9,
                HeldOut = i >= 16,
            });
        }

        await host.StartJobAsync(specification, data);
        var job = await host.WatchAsync("job-3");
        Assert.Equal((JobState.Succeeded, ""), (job.State, job.Error));
        Assert.Equal(1, job.Refused["empty_response"]);
        Assert.Equal(1, job.Results["preference_accuracy"]);
        var version = Assert.Single(host.Published).Version;
        Assert.Equal((isWhole ? VersionKind.Policy : VersionKind.PolicyAdapter, "base", "dpo"), (version.Kind, version.BaseVersionId, version.Provenance.Method));
        var folder = await host.DownloadAsync(version);
        using var model = CausalLanguageModel.Load(isWhole ? folder : Testing.Fixtures.Path("models/stories260K/hf"));
        using var adapter = isWhole ? null : LoraAdapter.Load(model, folder);
    }
}
