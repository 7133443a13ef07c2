using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Settings;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

public sealed class RolloutLogTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("rollout-log-tests-").FullName;
    private readonly RolloutInbox _inbox = new();
    private readonly List<string> _asked = [];

    private string FilePath => Path.Combine(_root, "inbox", "3.log");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void What_arrived_before_a_kill_is_not_asked_for_again()
    {
        Collector(Answer).Collect(3, "policy/2", TestContext.Current.CancellationToken);
        var arrived = Log().Read().Select(rollout => rollout.Rollout.PromptId).ToArray();
        Assert.Equal(4, arrived.Length);
        Cut(FilePath, 5); // the kill came while the last was being written
        _asked.Clear();
        Assert.Equal(8, Collector(Answer).Collect(3, "policy/2", TestContext.Current.CancellationToken).Count);
        Assert.Equal(arrived[^1], Assert.Single(_asked));
        Assert.Equal(arrived, Log().Read().Select(rollout => rollout.Rollout.PromptId));
    }

    [Fact]
    public void Another_steps_rollouts_are_not_taken()
    {
        Log().Append(Scored("p1", "policy/1", "job/2/p1"));
        Log().Append(Scored("p1", "policy/2", "job/2/p1"));
        Log().Append(Scored("unknown", "policy/2", "job/3/unknown"));
        Assert.Equal(8, Collector(Answer).Collect(3, "policy/2", TestContext.Current.CancellationToken).Count);
        Assert.Equal(4, _asked.Count);
    }

    [Fact]
    public void A_damaged_record_ends_the_file_and_later_ones_follow_the_whole_ones()
    {
        string[] ids = ["a", "b", "c"];
        foreach (var id in ids)
        {
            Log().Append(Scored(id, "policy/2", id));
        }

        var content = File.ReadAllBytes(FilePath);
        for (var bit = 0; bit < content.Length * 8; bit++)
        {
            var flipped = content.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(FilePath, flipped);
            var read = Log().Read().Select(rollout => rollout.Rollout.PromptId).ToArray();
            Assert.Equal(ids[..(bit / 8 * 3 / content.Length)], read);
        }

        Log().Append(Scored("d", "policy/2", "d"));
        Assert.Equal(["a", "b", "d"], Log().Read().Select(rollout => rollout.Rollout.PromptId));
        Log().Delete();
        Assert.Empty(Log().Read());
    }

    [Fact]
    public void A_folder_that_cannot_be_made_loses_nothing_but_the_memory()
    {
        File.WriteAllText(Path.Combine(_root, "inbox"), "in the way");
        Assert.Equal(8, Collector(Answer).Collect(3, "policy/2", TestContext.Current.CancellationToken).Count);
        Assert.Empty(Log().Read());
    }

    private static void Cut(string path, int bytes)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(file.Length - bytes);
    }

    private static RolloutScored Scored(string promptId, string policyVersion, string messageId)
    {
        var scored = new RolloutScored
        {
            Rollout = new RolloutGenerated
            {
                Header = new MessageHeader { MessageId = messageId },
                PromptId = promptId,
                PromptTokenIds = { 1, 2 },
                TokenizerHash = "tokenizer",
                PolicyVersion = policyVersion,
            },
        };
        for (var i = 0; i < 2; i++)
        {
            scored.Rollout.Samples.Add(new Sample { TokenIds = { 11, 12 }, Logprobs = { -0.1f, -0.2f }, FinishReason = FinishReason.EndOfSequence });
            scored.Scores.Add(new ScoreResult { Normalised = 0.5 });
        }

        return scored;
    }

    private RolloutLog Log() => new(Path.Combine(_root, "inbox"), 3, NullLogger.Instance);

    private void Answer(RolloutRequested request) => _inbox.HandleAsync(
        Scored(request.PromptId, request.PolicyVersion, request.Header.MessageId), CancellationToken.None).GetAwaiter().GetResult();

    private RolloutCollector Collector(Action<RolloutRequested> answer)
    {
        Task Announce(string routingKey, string messageId, IMessage message, CancellationToken cancellationToken)
        {
            var request = Assert.IsType<RolloutRequested>(message);
            _asked.Add(request.PromptId);
            answer(request);
            return Task.CompletedTask;
        }

        return new RolloutCollector(
            new JobSpecification { JobId = "job", RunId = "run", Seed = 5, Ppo = new PpoOptions { RewardModelVersion = "reward/1" } },
            new PpoSettings { RolloutsPerStep = 8, SamplesPerPrompt = 2 },
            new PromptSchedule<PromptExample>(Enumerable.Range(0, 4).Select(i => new PromptExample { PromptId = $"p{i}", Prompt = new Prompt { Text = $"{i}" } }), new Random(3)),
            "tokenizer",
            _inbox,
            Announce,
            _ => { },
            _ => Log());
    }
}
