using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Rlhf.LanguageModels;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

public sealed class RolloutScoringTests(BackingServersFixture servers)
{
    // What an earlier test's service had not yet acknowledged comes again, to this test's service.
    private readonly string _run = $"run-{Guid.NewGuid():N}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_rollout_that_names_a_reward_model_is_scored_or_says_why_not()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        var version = await reward.PublishAsync($"{_run}/reward-model", seed: 1);
        var hash = (await reward.Client.InfoAsync(new RewardInfoRequest(), cancellationToken: Cancellation)).TokenizerHash;
        var (facts, channel) = await ListenAsync(reward);
        await using var _ = channel;
        var publisher = reward.Services.GetRequiredService<MessagePublisher>();

        var good = Rollout("good", version.VersionId, hash);
        good.Samples.Add(new Sample { TokenIds = { Enumerable.Repeat(9, 200) } }); // over the context
        var failed = Rollout("failed", version.VersionId, hash);
        failed.Samples.Clear();
        failed.Error = new ItemError { Code = ErrorCode.TooLong, Message = "600 tokens" };
        foreach (var rollout in new[]
        {
            good, failed, Rollout("unscored", "", hash), Rollout("unknown", "nowhere", hash), Rollout("mismatch", version.VersionId, "another"),
        })
        {
            await publisher.PublishAsync(RoutingKeys.RolloutsGenerated, rollout.Header.MessageId, rollout, Cancellation);
        }

        var scored = new Dictionary<string, RolloutScored>();
        while (scored.Count < 4)
        {
            var (messageId, message) = await facts.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            Assert.Equal(message.Rollout.Header.MessageId, messageId);
            scored.Add(message.Rollout.PromptId, message);
        }

        using var model = RewardModel.Load(reward.FolderOf(version.VersionId));
        Assert.Equal(good, scored["good"].Rollout);
        var scores = scored["good"].Scores;
        Assert.Equal(3, scores.Count);
        Assert.Equal(model.Score([[1, 2, 3, 10, 11]])[0], scores[0].Raw, 1e-5); // prompt and response tokens, as they were sampled
        Assert.Equal(model.Score([[1, 2, 3, 12, TinyModels.EosId]])[0], scores[1].Raw, 1e-5);
        Assert.Equal((scores[0].Raw - .5) / 2, scores[0].Normalised, 1e-9);
        Assert.Equal(ErrorCode.TooLong, scores[2].Error.Code);
        Assert.Equal((failed.Error, 0), (scored["failed"].Rollout.Error, scored["failed"].Scores.Count));
        Assert.Equal([ErrorCode.UnknownVersion, ErrorCode.UnknownVersion], scored["unknown"].Scores.Select(score => score.Error.Code));
        Assert.Equal([ErrorCode.TokenizerMismatch, ErrorCode.TokenizerMismatch], scored["mismatch"].Scores.Select(score => score.Error.Code));
    }

    [Fact]
    public async Task Rollouts_that_name_a_head_have_its_score_or_say_that_there_is_none()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        var figures = new ScoreNormalisation { ScoreMean = 1, ScoreStandardDeviation = 4, RatingMean = 1000, RatingStandardDeviation = 100 };
        var version = await reward.PublishHeadsAsync(
            $"{_run}/reward-model", seed: 2, ["harmless", "helpful"],
            new HeadNormalisation { Name = "harmless", Normalisation = figures }, new HeadNormalisation { Name = "helpful", Normalisation = figures });
        var hash = (await reward.Client.InfoAsync(new RewardInfoRequest(), cancellationToken: Cancellation)).TokenizerHash;
        var (facts, channel) = await ListenAsync(reward);
        await using var _ = channel;
        var publisher = reward.Services.GetRequiredService<MessagePublisher>();
        var scored = new Dictionary<string, RolloutScored>();
        foreach (var head in new[] { "helpful", "honest" })
        {
            var rollout = Rollout(head, version.VersionId, hash);
            rollout.RewardHead = head;
            await publisher.PublishAsync(RoutingKeys.RolloutsGenerated, rollout.Header.MessageId, rollout, Cancellation);
            var (_, message) = await facts.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            scored.Add(message.Rollout.RewardHead, message);
        }

        using var model = RewardModel.Load(reward.FolderOf(version.VersionId));
        var outputs = model.ScoreByMember([[1, 2, 3, 10, 11], [1, 2, 3, 12, TinyModels.EosId]]);
        Assert.Equal((outputs[0][1] - 1) / 4.0, scored["helpful"].Scores[0].Normalised, 1e-5);
        Assert.Equal((outputs[1][1] - 1) / 4.0, scored["helpful"].Scores[1].Normalised, 1e-5);
        Assert.Equal([ErrorCode.InvalidItem, ErrorCode.InvalidItem], scored["honest"].Scores.Select(score => score.Error.Code));
    }

    [Fact]
    public async Task A_few_hundred_rollouts_are_all_scored_once()
    {
        await using var reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        var version = await reward.PublishAsync($"{_run}/reward-model", seed: 1);
        var hash = (await reward.Client.InfoAsync(new RewardInfoRequest(), cancellationToken: Cancellation)).TokenizerHash;
        var (facts, channel) = await ListenAsync(reward);
        await using var _ = channel;
        var publisher = reward.Services.GetRequiredService<MessagePublisher>();

        await Task.WhenAll(Enumerable.Range(0, 300).Select(i =>
        {
            var rollout = Rollout($"many-{i}", version.VersionId, hash);
            return publisher.PublishAsync(RoutingKeys.RolloutsGenerated, rollout.Header.MessageId, rollout, Cancellation);
        }));

        var ids = new List<string>();
        while (ids.Count < 300)
        {
            var (_, message) = await facts.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            Assert.All(message.Scores, score => Assert.Null(score.Error));
            ids.Add(message.Rollout.PromptId);
        }
        Assert.Equal(300, ids.Distinct().Count());
    }

    private RolloutGenerated Rollout(string promptId, string rewardModelVersion, string tokenizerHash) => new()
    {
        Header = new MessageHeader { MessageId = $"{Guid.NewGuid():N}/{promptId}", RunId = _run, Stage = "ppo", Step = 3 },
        PromptId = promptId,
        PromptTokenIds = { 1, 2, 3 },
        TokenizerHash = tokenizerHash,
        RewardModelVersion = rewardModelVersion,
        PolicyVersion = "base",
        Samples =
        {
            new Sample { TokenIds = { 10, 11 }, FinishReason = FinishReason.Length },
            new Sample { TokenIds = { 12, TinyModels.EosId }, FinishReason = FinishReason.EndOfSequence },
        },
    };

    private async Task<(Channel<(string MessageId, RolloutScored Message)> Facts, IChannel Channel)> ListenAsync(RunningReward reward)
    {
        var facts = Channel.CreateUnbounded<(string, RolloutScored)>();
        var channel = await reward.Services.GetRequiredService<IConnection>().CreateChannelAsync(cancellationToken: Cancellation);
        await channel.ExchangeDeclareAsync(BrokerTopology.Exchange, ExchangeType.Topic, durable: true, cancellationToken: Cancellation);
        var queue = (await channel.QueueDeclareAsync(cancellationToken: Cancellation)).QueueName;
        await channel.QueueBindAsync(queue, BrokerTopology.Exchange, RoutingKeys.RolloutsScored, cancellationToken: Cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            var scored = RolloutScored.Parser.ParseFrom(delivery.Body.Span);
            if (scored.Rollout.Header.RunId == _run)
            {
                await facts.Writer.WriteAsync((delivery.BasicProperties.MessageId ?? "", scored));
            }
        };
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, Cancellation);
        return (facts, channel);
    }
}
