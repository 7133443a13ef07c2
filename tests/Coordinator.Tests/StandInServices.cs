using System.Collections.Concurrent;
using Google.Protobuf;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

/// <summary>
/// Answers the Coordinator's requests as Judge, Generator and Reward would, over the real queues, with texts that are functions
/// of the request. Counts how often each message id was asked for.
/// </summary>
public sealed class StandInServices(MessagePublisher publisher) :
    IMessageHandler<RevisionRequested>, IMessageHandler<RolloutRequested>, IMessageHandler<ComparisonRequested>
{
    public ConcurrentDictionary<string, int> Asked { get; } = new();

    /// <summary>Prompts whose items are refused.</summary>
    public HashSet<string> TooLong { get; } = [];

    /// <summary>After so many requests no more are answered; those that are open wait for the next process.</summary>
    public int AnswersLeft { get; set; } = int.MaxValue;

    public TaskCompletionSource RanDry { get; } = new();

    public Task HandleAsync(RevisionRequested message, CancellationToken cancellationToken) => AnswerAsync(
        message.Header,
        RoutingKeys.RevisionsCompleted,
        new RevisionCompleted
        {
            Header = message.Header,
            PromptId = message.PromptId,
            Conversation = message.Conversation,
            InitialResponse = "Here is how.",
            Rounds = { new RevisionRound { PrincipleId = "kind", Critique = "It is unkind.", Revision = "I would rather not.", Harmlessness = 0.9 } },
            Seed = message.Seed,
            PolicyVersion = message.PolicyVersion,
            ConstitutionHash = "c0",
        },
        cancellationToken);

    public async Task HandleAsync(RolloutRequested message, CancellationToken cancellationToken)
    {
        var generated = new RolloutGenerated
        {
            Header = message.Header,
            PromptId = message.PromptId,
            PolicyVersion = message.PolicyVersion,
            Sampling = message.Sampling,
            RewardModelVersion = message.RewardModelVersion,
        };
        if (TooLong.Contains(message.PromptId))
        {
            generated.Error = new ItemError { Code = ErrorCode.TooLong, Message = "the prompt does not fit the context" };
        }
        else
        {
            generated.Samples.AddRange(Enumerable.Range(0, message.Samples).Select(i => new Sample
            {
                Text = $"{message.PolicyVersion} says {i}",
                TokenIds = { 1, 2, 3 },
                FinishReason = FinishReason.EndOfSequence,
            }));
        }

        await AnswerAsync(message.Header, RoutingKeys.RolloutsGenerated, generated, cancellationToken);
        if (message.RewardModelVersion.Length > 0 && generated.Error is null)
        {
            await publisher.PublishAsync(RoutingKeys.RolloutsScored, message.Header.MessageId, new RolloutScored
            {
                Rollout = generated,
                Scores = { generated.Samples.Select(_ => new ScoreResult { Raw = 1, Normalised = 0.5, Rating = 1100, ModelVersion = message.RewardModelVersion }) },
            }, cancellationToken);
        }
    }

    public Task HandleAsync(ComparisonRequested message, CancellationToken cancellationToken) => AnswerAsync(
        message.Header,
        RoutingKeys.PreferencesRecorded,
        new PreferenceRecorded
        {
            Header = message.Header,
            PromptId = message.PromptId,
            ResponseAId = message.ResponseAId,
            ResponseBId = message.ResponseBId,
            Seed = message.Seed,
            Judgement = new Judgement
            {
                PreferenceA = string.CompareOrdinal(message.ResponseA, message.ResponseB) > 0 ? 0.9 : 0.1,
                ProbabilityAFirst = 0.8,
                ProbabilityASecond = 0.7,
                PrincipleId = "kind",
                JudgeVersion = message.JudgeVersion,
                TemplateHash = "t0",
            },
        },
        cancellationToken);

    private async Task AnswerAsync(MessageHeader header, string routingKey, IMessage answer, CancellationToken cancellationToken)
    {
        Asked.AddOrUpdate(header.MessageId, 1, (_, count) => count + 1);
        lock (RanDry)
        {
            if (AnswersLeft-- <= 0)
            {
                RanDry.TrySetResult();
            }
        }

        if (AnswersLeft < 0)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        await publisher.PublishAsync(routingKey, header.MessageId, answer, cancellationToken);
    }
}
