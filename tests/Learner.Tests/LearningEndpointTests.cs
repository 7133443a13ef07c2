using System.Security.Cryptography;
using Grpc.Core;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class LearningEndpointTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("learner-tests-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task A_fine_tuned_model_can_be_downloaded_and_loaded()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var specification = Supervised("job-1", "run/sft/v1");
        var started = await host.StartJobAsync(specification, Stories(20), Stories(12));
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
        var folder = await Download(host, version);
        using var model = CausalLanguageModel.Load(folder);
        Assert.Equal(TextTokenizer.Load(Testing.Fixtures.Path("models/stories260K/hf")).Hash, TextTokenizer.Load(folder).Hash);
        Assert.True(File.Exists(Path.Combine(folder, "generation_config.json"))); // which says where a response ends
    }

    [Fact]
    public async Task The_same_job_again_is_the_same_job_also_after_a_restart()
    {
        var specification = Supervised("job-1", "run/sft/v1");
        Job first;
        await using (var host = await LearnerHost.StartAsync(_data))
        {
            await host.StartJobAsync(specification, Stories(4));
            var again = await host.StartJobAsync(specification, Stories(9));
            Assert.Equal("job-1", again.JobId);
            first = await host.WatchAsync("job-1");
            Assert.Single(host.Published);
        }

        await using var restarted = await LearnerHost.StartAsync(_data);
        Assert.Equal(first, await restarted.StartJobAsync(specification, Stories(4)));
        Assert.Equal(first, await restarted.Client.GetJobAsync(new GetJobRequest { JobId = "job-1" }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Empty(restarted.Published);
        var versions = await restarted.Client.ListVersionsAsync(new ListVersionsRequest { RunId = "run" }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("run/sft/v1", Assert.Single(versions.Versions).VersionId);
    }

    [Fact]
    public async Task A_reward_model_is_published_with_its_normalisation()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var specification = new JobSpecification
        {
            JobId = "job-2", RunId = "run", Seed = 1, PublishedVersion = "run/reward/v1", RewardModel = new RewardModelOptions { Epochs = 1 },
        };
        var data = new JobData();
        for (var i = 0; i < 24; i++)
        {
            var (good, bad) = ($"The {i} cats were happy.", $"The {i} dogs fell down.");
            var prompt = new Prompt { Text = "Once upon a time" };
            data.Preferences.Add(new PreferenceExample { Prompt = prompt, ResponseA = good, ResponseB = bad, PreferenceA = 0.9, HeldOut = i >= 16, Source = "cats" });
            data.Ratings.Add(new RatedExample { Prompt = prompt, Response = good, Rating = 1100, HeldOut = i >= 16 });
            data.Ratings.Add(new RatedExample { Prompt = prompt, Response = bad, Rating = 900, HeldOut = i >= 16 });
        }

        await host.StartJobAsync(specification, data);
        var job = await host.WatchAsync("job-2");
        Assert.Equal((JobState.Succeeded, ""), (job.State, job.Error));
        string[] accuracies = ["pairwise_accuracy", "regression_pairwise_accuracy", "pairwise_loss_pairwise_accuracy", "clear_pairwise_accuracy"];
        string[] others = ["pairwise_accuracy_low", "pairwise_accuracy_high", "pairwise_accuracy/cats", "ece", "ece/cats", "margin_mean", "margins/0..0.5", "spread"];
        Assert.Subset(job.Results.Keys.ToHashSet(), accuracies.Concat(others).ToHashSet());
        Assert.Equal((8, 8, 1), (job.Results["pairs_decided"], job.Results["pairs_decided/cats"], job.Results["members"]));
        Assert.Equal(job.Results["regression_pairwise_accuracy"], job.Results["pairwise_accuracy"]);
        var version = Assert.Single(host.Published).Version;
        Assert.Equal(VersionKind.RewardModel, version.Kind);
        Assert.Equal(1000, version.Normalisation.RatingMean, 1e-9);
        Assert.Equal(100, version.Normalisation.RatingStandardDeviation, 1e-9);
        using var model = RewardModel.Load(await Download(host, version));
        var tokenizer = TextTokenizer.Load(Testing.Fixtures.Path("models/stories260K/hf"));
        int[] Tokens(string response) => [.. tokenizer.Encode("Once upon a time"), .. tokenizer.EncodeContinuation(response), tokenizer.EosId];
        var scores = model.Score([.. data.Ratings.Select(rating => Tokens(rating.Response))]);
        Assert.Equal(version.Normalisation.ScoreMean, scores.Average(), 1e-4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Direct_preference_optimization_publishes_a_policy(bool isWhole)
    {
        await using var host = await LearnerHost.StartAsync(_data);
        var specification = new JobSpecification
        {
            JobId = "job-3", RunId = "run", Seed = 1, PublishedVersion = "run/dpo/v1", Dpo = new DpoOptions { FullFineTuning = isWhole, LearningRate = 1e-3 },
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
        var folder = await Download(host, version);
        using var model = CausalLanguageModel.Load(isWhole ? folder : Testing.Fixtures.Path("models/stories260K/hf"));
        using var adapter = isWhole ? null : LoraAdapter.Load(model, folder);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ppo_publishes_a_version_a_step_and_samples_each_step_from_the_newest(bool isWhole)
    {
        using var model = CausalLanguageModel.Load(Testing.Fixtures.Path("models/stories260K/hf"));
        var tokenizer = TextTokenizer.Load(Testing.Fixtures.Path("models/stories260K/hf"));
        LearnerHost? host = null;
        var versions = new List<string>();
        RolloutScored Answer(RolloutRequested request)
        {
            versions.Add(request.PolicyVersion);
            var version = host?.Client.GetVersion(new GetVersionRequest { VersionId = request.PolicyVersion });
            Assert.NotNull(version);
            var folder = Download(host ?? throw new InvalidOperationException(), version).GetAwaiter().GetResult();
            if (isWhole)
            {
                using var whole = CausalLanguageModel.Load(folder);
                return Sample(whole, tokenizer, request);
            }

            using var adapter = LoraAdapter.Load(model, folder);
            adapter.Activate();
            return Sample(model, tokenizer, request);
        }

        host = await LearnerHost.StartAsync(_data, Answer);
        await using (host)
        {
            var specification = new JobSpecification
            {
                JobId = "job-3", RunId = "run", Seed = 1, PublishedVersion = "run/ppo",
                Ppo = new PpoOptions
                {
                    Steps = 2, RolloutsPerStep = 8, MaxNewTokens = 12, RewardModelVersion = "run/reward/v1",
                    LearningRate = isWhole ? 1e-3 : 0.01, FullFineTuning = isWhole, MaxKl = 1e-6,
                },
            };
            await host.StartJobAsync(specification, new JobData
            {
                Prompts =
                {
                    new PromptExample { PromptId = "a", Prompt = new Prompt { Text = "Once upon a time" } },
                    new PromptExample { PromptId = "b", Prompt = new Prompt { Text = "The dog" } },
                },
            });
            var job = await host.WatchAsync("job-3");
            Assert.Equal((JobState.Succeeded, ""), (job.State, job.Error));
            Assert.Equal("run/ppo/2", job.PublishedVersion);
            Assert.Equal(["run/ppo/0", "run/ppo/0", "run/ppo/1", "run/ppo/1"], versions);
            Assert.Equal(["run/ppo/0", "run/ppo/1", "run/ppo/2"], host.Published.Select(published => published.Version.VersionId));
            Assert.Equal(0, job.Metrics[0].Values["kl"], 1e-5);
            Assert.True(job.Metrics[1].Values["kl_k3"] > 0);
            Assert.Equal(isWhole, job.Results["trainable_parameter_share"] is not (> 0.005 and < 0.03));
            // A sampled KL may be below 0; where it is beyond the bound, the job says so.
            Assert.Equal(job.Metrics[1].Values["kl"] > 1e-6 ? 1 : 0, job.Warnings.Count(warning => warning.StartsWith("At step 2 the KL", StringComparison.Ordinal)));
            Assert.All(host.Published, published => Assert.Equal(isWhole ? VersionKind.Policy : VersionKind.PolicyAdapter, published.Version.Kind));
        }
    }

    [Fact]
    public async Task Bad_requests_say_what_is_wrong()
    {
        await using var host = await LearnerHost.StartAsync(_data);
        async Task<RpcException> Refused(JobSpecification specification, params JobData[] data) =>
            await Assert.ThrowsAsync<RpcException>(() => host.StartJobAsync(specification, data));

        var error = await Refused(Supervised("job-1", ""), Stories(4));
        Assert.Equal((StatusCode.InvalidArgument, "published_version is empty."), (error.StatusCode, error.Status.Detail));
        error = await Refused(Supervised("job-1", "v1"));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains("no usable item in 'supervised'", error.Status.Detail, StringComparison.Ordinal);
        var unknown = Supervised("job-1", "v1");
        unknown.InitialVersion = "nothing/v1";
        error = await Refused(unknown, Stories(4));
        Assert.Contains("No version 'nothing/v1'", error.Status.Detail, StringComparison.Ordinal);
        var outOfRange = Supervised("job-1", "v1");
        outOfRange.Supervised.Epochs = -3;
        error = await Refused(outOfRange, Stories(4));
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
        var endless = Supervised("job-1", "run/sft/v1");
        endless.Supervised.Epochs = 1000;
        await host.StartJobAsync(endless, Stories(20));
        await host.StartJobAsync(Supervised("job-2", "run/sft/v2"), Stories(4));
        await host.Client.CancelJobAsync(new CancelJobRequest { JobId = "job-1" }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(JobState.Cancelled, (await host.WatchAsync("job-1")).State);
        Assert.Equal(JobState.Succeeded, (await host.WatchAsync("job-2")).State);
        Assert.Equal("run/sft/v2", Assert.Single(host.Published).Version.VersionId);
    }

    private static JobSpecification Supervised(string jobId, string publishedVersion) => new()
    {
        JobId = jobId, RunId = "run", Seed = 7, PublishedVersion = publishedVersion, Supervised = new SupervisedOptions(),
    };

    /// <summary>That many usable examples, and from twenty on two that are not.</summary>
    private static JobData Stories(int count)
    {
        var data = new JobData();
        for (var i = 0; i < count; i++)
        {
            data.Supervised.Add(new SupervisedExample
            {
                Prompt = new Prompt { Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = $"Tell me about {i} cats" } } } },
                Response = string.Join(' ', Enumerable.Repeat("The cat was happy.", 1 + (i % 3))),
            });
        }

        if (count >= 20)
        {
            data.Supervised.Add(new SupervisedExample { Prompt = new Prompt { Text = "Once" }, Response = new string('x', 3000) });
            data.Supervised.Add(new SupervisedExample { Prompt = new Prompt { Text = "Once" }, Response = "  " });
        }

        return data;
    }

    private async Task<string> Download(LearnerHost host, ModelVersion version)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_data, "downloads", Guid.NewGuid().ToString("N"))).FullName;
        foreach (var file in version.Files)
        {
            // In two goes, as after a broken download.
            var head = await Read(host, file.Sha256, 0);
            var split = head.Length / 3;
            var tail = await Read(host, file.Sha256, split);
            byte[] content = [.. head.AsSpan(0, split), .. tail];
            Assert.Equal(file.Sha256, Convert.ToHexStringLower(SHA256.HashData(content)));
            Assert.Equal(file.SizeBytes, content.Length);
            await File.WriteAllBytesAsync(Path.Combine(folder, file.Name), content, TestContext.Current.CancellationToken);
        }

        return folder;
    }

    private static async Task<byte[]> Read(LearnerHost host, string sha256, long offset)
    {
        using var call = host.Client.Download(new DownloadRequest { Sha256 = sha256, Offset = offset }, cancellationToken: TestContext.Current.CancellationToken);
        using var content = new MemoryStream();
        while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            call.ResponseStream.Current.Data.WriteTo(content);
        }

        return content.ToArray();
    }

    private static RolloutScored Sample(CausalLanguageModel model, TextTokenizer tokenizer, RolloutRequested request)
    {
        var prompt = tokenizer.Encode(request.Prompt.Text);
        var requests = Enumerable.Range(0, request.Samples).Select(i => new SampleRequest(prompt, new SamplingSettings
        {
            Temperature = request.Sampling.Temperature, MaxNewTokens = request.Sampling.MaxNewTokens, Seed = request.Sampling.Seed + (ulong)i,
        })).ToArray();
        var scored = new RolloutScored
        {
            Rollout = new RolloutGenerated
            {
                Header = request.Header, PromptId = request.PromptId, PromptTokenIds = { prompt }, TokenizerHash = tokenizer.Hash,
                PolicyVersion = request.PolicyVersion, Sampling = request.Sampling, RewardModelVersion = request.RewardModelVersion,
            },
        };
        using var decoding = new TensorDecodingModel(model, threads: 1);
        foreach (var sampled in new ContinuousSampler(decoding, tokenizer).Sample(requests, CancellationToken.None))
        {
            scored.Rollout.Samples.Add(new V1.Sample
            {
                TokenIds = { sampled.TokenIds }, Logprobs = { sampled.Logprobs }, Text = sampled.Text,
                FinishReason = sampled.Finish == FinishKind.Length ? FinishReason.Length : FinishReason.EndOfSequence,
            });
            scored.Scores.Add(new ScoreResult { Normalised = sampled.Text.Count(c => c == 'a') / 10.0 });
        }

        return scored;
    }
}
