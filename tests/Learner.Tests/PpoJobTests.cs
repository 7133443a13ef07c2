using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class PpoJobTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("learner-tests-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

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
            var folder = (host ?? throw new InvalidOperationException()).DownloadAsync(version).GetAwaiter().GetResult();
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
                JobId = "job-3",
                RunId = "run",
                Seed = 1,
                PublishedVersion = "run/ppo",
                Ppo = new PpoOptions
                {
                    Steps = 2,
                    RolloutsPerStep = 8,
                    MaxNewTokens = 12,
                    RewardModelVersion = "run/reward/v1",
                    LearningRate = isWhole ? 1e-3 : 0.01,
                    FullFineTuning = isWhole,
                    MaxKl = 1e-6,
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

    private static RolloutScored Sample(CausalLanguageModel model, TextTokenizer tokenizer, RolloutRequested request)
    {
        var prompt = tokenizer.Encode(request.Prompt.Text);
        var requests = Enumerable.Range(0, request.Samples).Select(i => new SampleRequest(prompt, new SamplingSettings
        {
            Temperature = request.Sampling.Temperature,
            MaxNewTokens = request.Sampling.MaxNewTokens,
            Seed = request.Sampling.Seed + (ulong)i,
        })).ToArray();
        var scored = new RolloutScored
        {
            Rollout = new RolloutGenerated
            {
                Header = request.Header,
                PromptId = request.PromptId,
                PromptTokenIds = { prompt },
                TokenizerHash = tokenizer.Hash,
                PolicyVersion = request.PolicyVersion,
                Sampling = request.Sampling,
                RewardModelVersion = request.RewardModelVersion,
            },
        };
        using var decoding = new TensorDecodingModel(model, threads: 1);
        foreach (var sampled in new ContinuousSampler(decoding, tokenizer).Sample(requests, CancellationToken.None))
        {
            scored.Rollout.Samples.Add(new V1.Sample
            {
                TokenIds = { sampled.TokenIds },
                Logprobs = { sampled.Logprobs },
                Text = sampled.Text,
                FinishReason = sampled.Finish == FinishKind.Length ? FinishReason.Length : FinishReason.EndOfSequence,
            });
            scored.Scores.Add(new ScoreResult { Normalised = sampled.Text.Count(c => c == 'a') / 10.0 });
        }

        return scored;
    }
}
