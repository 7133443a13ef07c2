using Google.Protobuf;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class RolloutCollectorTests
{
    private const string Hash = "tokenizer";
    private static readonly PpoSettings s_settings = new() { RolloutsPerStep = 10, SamplesPerPrompt = 4, MaxNewTokens = 7, Temperature = 0.5 };
    private readonly RolloutInbox _inbox = new();
    private readonly List<RolloutRequested> _requests = [];
    private readonly List<string> _refused = [];

    [Fact]
    public void All_rollouts_come_back_whatever_their_order_and_company()
    {
        var collector = Collector(5, requests =>
        {
            foreach (var request in Enumerable.Reverse(requests))
            {
                Answer(request, scored => scored.Rollout.PolicyVersion = "another/3");
                Answer(request, scored => scored.Rollout.PromptId = "unknown");
                Answer(request);
                Answer(request, scored => scored.Scores[0].Normalised = 99); // a repetition: the first one counts
            }
        });
        var rollouts = collector.Collect(3, "policy/2", TestContext.Current.CancellationToken);
        Assert.Equal(10, rollouts.Count);
        Assert.Equal([4, 3, 3], _requests.Select(request => request.Samples));
        Assert.All(_requests, request =>
        {
            Assert.Equal("policy/2", request.PolicyVersion);
            Assert.Equal(("reward/1", "helpful"), (request.RewardModelVersion, request.RewardHead));
            Assert.Equal(1, request.Sampling.TopP);
            Assert.Equal(0.5f, request.Sampling.Temperature);
            Assert.Equal($"job/3/{request.PromptId}", request.Header.MessageId);
            Assert.Equal(("run", "ppo", 3), (request.Header.RunId, request.Header.Stage, request.Header.Step));
        });
        Assert.Equal(3, _requests.Select(request => request.Sampling.Seed).Distinct().Count());
        Assert.Equal([1, 2, 11, 12, 0], rollouts[0].Example.TokenIds);
        Assert.Equal(2, rollouts[0].Example.PromptLength);
        Assert.Equal([-0.1f, -0.2f, -0.3f], rollouts[0].Logprobs);
        Assert.Equal(0.25, rollouts[0].Score);
        Assert.True(rollouts[0].IsFinished);
        Assert.Empty(_refused);
    }

    [Fact]
    public void No_rollout_of_an_older_version_is_asked_for_or_taken_however_late_it_comes()
    {
        const double Late = 99;
        var waiting = new List<RolloutRequested>(); // one of each step stays out until the next one is under way
        var collector = Collector(3, requests =>
        {
            waiting.ForEach(late => Answer(late, scored => scored.Scores[0].Normalised = Late));
            waiting = [requests[0]];
            requests.ForEach(request => Answer(request));
        });
        for (var step = 1; step <= 3; step++)
        {
            var version = $"policy/{step - 1}";
            _requests.Clear();
            var rollouts = collector.Collect(step, version, TestContext.Current.CancellationToken);
            Assert.All(_requests, request => Assert.Equal((version, step), (request.PolicyVersion, request.Header.Step)));
            Assert.Equal(10, rollouts.Count); // all prompts come in every step, so that a late one has its place waiting for it
            Assert.DoesNotContain(Late, rollouts.Select(rollout => rollout.Score));
            waiting.ForEach(late => Answer(late, scored => scored.Scores[0].Normalised = Late)); // between two steps nothing is taken
        }
    }

    [Fact]
    public void Asking_twice_is_asking_once()
    {
        Collector(5, requests => requests.ForEach(request => Answer(request))).Collect(1, "policy/0", TestContext.Current.CancellationToken);
        var first = _requests.ToArray();
        _requests.Clear();
        Collector(5, requests => requests.ForEach(request => Answer(request))).Collect(1, "policy/0", TestContext.Current.CancellationToken);
        Assert.Equal(first, _requests);
    }

    [Fact]
    public void Failed_items_are_counted_and_left_out_and_a_hopeless_prompt_is_not_asked_again()
    {
        var hopeless = "";
        var collector = Collector(3, requests =>
        {
            hopeless = hopeless.Length == 0 ? requests[0].PromptId : hopeless;
            Answer(requests[0], scored =>
            {
                scored.Rollout.Samples.Clear();
                scored.Rollout.Error = new ItemError { Code = ErrorCode.TooLong, Message = "too long" };
            });
            Answer(requests[1], scored => scored.Scores[1] = new ScoreResult { Error = new ItemError { Code = ErrorCode.NotFinite } });
            Answer(requests[2], scored => scored.Rollout.Samples[0].FinishReason = FinishReason.Length);
        });
        var rollouts = collector.Collect(1, "policy/0", TestContext.Current.CancellationToken);
        Assert.Equal(5, rollouts.Count); // 4 + 3 + 3, less 4 and 1
        Assert.Equal(["too_long", "not_finite"], _refused);
        Assert.False(rollouts[2].IsFinished);

        _requests.Clear();
        Assert.Throws<ArgumentOutOfRangeException>(() => collector.Collect(2, "policy/1", TestContext.Current.CancellationToken)); // two requests are left
        Assert.DoesNotContain(hopeless, _requests.Select(request => request.PromptId));
    }

    [Fact]
    public void Another_tokenizer_stops_the_job()
    {
        var collector = Collector(3, requests => requests.ForEach(request => Answer(request, scored => scored.Rollout.TokenizerHash = "other")));
        var error = Assert.Throws<TrainingException>(() => collector.Collect(1, "policy/0", TestContext.Current.CancellationToken));
        Assert.Contains("the same model folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Waiting_ends_when_the_job_is_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var collector = Collector(3, _ => cancellation.Cancel());
        Assert.ThrowsAny<OperationCanceledException>(() => collector.Collect(1, "policy/0", cancellation.Token));
    }

    [Fact]
    public void Each_prompt_comes_once_a_round_and_never_twice_a_step()
    {
        var schedule = new PromptSchedule<int>(Enumerable.Range(0, 10), new Random(1));
        var steps = Enumerable.Range(0, 5).Select(_ => schedule.Next(4)).ToArray();
        Assert.All(steps, step => Assert.Equal(4, step.Distinct().Count()));
        Assert.All(steps.SelectMany(step => step).GroupBy(prompt => prompt), group => Assert.Equal(2, group.Count()));
        Assert.Equal(10, schedule.Next(99).Distinct().Count());
        schedule.Remove(prompt => prompt >= 3);
        Assert.Equal([0, 1, 2], schedule.Next(99).Order());
    }

    /// <summary>A collector whose requests are answered once all of them are out.</summary>
    private RolloutCollector Collector(int prompts, Action<List<RolloutRequested>> answer)
    {
        var specification = new JobSpecification { JobId = "job", RunId = "run", Seed = 5, Ppo = new PpoOptions { RewardModelVersion = "reward/1", RewardHead = "helpful" } };
        var examples = Enumerable.Range(0, prompts).Select(i => new PromptExample { PromptId = $"p{i}", Prompt = new Prompt { Text = $"{i}" } });
        var pending = new List<RolloutRequested>();
        Task Announce(string routingKey, string messageId, IMessage message, CancellationToken cancellationToken)
        {
            var request = Assert.IsType<RolloutRequested>(message);
            Assert.Equal(RoutingKeys.RolloutsRequested, routingKey);
            Assert.Equal(request.Header.MessageId, messageId);
            _requests.Add(request);
            pending.Add(request);
            if (pending.Sum(r => r.Samples) == s_settings.RolloutsPerStep)
            {
                answer(pending);
                pending = [];
            }

            return Task.CompletedTask;
        }

        return new RolloutCollector(
            specification, s_settings, new PromptSchedule<PromptExample>(examples, new Random(3)), Hash, _inbox, Announce, _refused.Add);
    }

    private void Answer(RolloutRequested request, Action<RolloutScored>? change = null)
    {
        var scored = new RolloutScored
        {
            Rollout = new RolloutGenerated
            {
                Header = request.Header,
                PromptId = request.PromptId,
                PromptTokenIds = { 1, 2 },
                TokenizerHash = Hash,
                PolicyVersion = request.PolicyVersion,
            },
        };
        for (var i = 0; i < request.Samples; i++)
        {
            scored.Rollout.Samples.Add(new Sample
            {
                TokenIds = { 11, 12, 0 },
                Logprobs = { -0.1f, -0.2f, -0.3f },
                FinishReason = FinishReason.EndOfSequence,
            });
            scored.Scores.Add(new ScoreResult { Normalised = 0.25 });
        }

        change?.Invoke(scored);
        _inbox.HandleAsync(scored, CancellationToken.None).GetAwaiter().GetResult();
    }
}
