using System.Threading.Channels;
using Grpc.Core;
using Rlhf.Constitution;
using Rlhf.Messaging;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Judge.Tests;

public sealed class JudgeServiceTests(RunningJudge judge)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_comparison_is_recorded_with_its_judgement_or_its_reason()
    {
        // The better answer is the longer one, whatever its position; "broken" has no finite log-probability.
        judge.Generator.OnScore = item =>
        {
            var a = Option(item.Prompt.Text, "A");
            var b = Option(item.Prompt.Text, "B");
            return a == "broken" || b == "broken"
                ? ScriptedGenerator.Logprobs(float.NaN)
                : ScriptedGenerator.Logprobs((item.Text == "A") == (a.Length > b.Length) ? -1 : -2);
        };
        var facts = await judge.ListenAsync(RoutingKeys.PreferencesRecorded, PreferenceRecorded.Parser);

        for (var i = 0; i < 100; i++)
        {
            var request = new ComparisonRequested
            {
                Header = new MessageHeader { MessageId = $"c/{i}", RunId = "run", Stage = "preferences", Step = 2 },
                PromptId = $"p{i}",
                Conversation = Conversation(),
                ResponseAId = "a",
                ResponseBId = "b",
                ResponseA = i == 7 ? "broken" : i == 8 ? "" : "the long one",
                ResponseB = "short",
                Seed = (ulong)i,
            };
            await judge.PublishAsync(RoutingKeys.ComparisonsRequested, request.Header, request);
        }

        var recorded = await ReadAsync(facts, 100, message => message.PromptId);
        Assert.All(recorded, entry => Assert.Equal($"c/{entry.Key[1..]}", entry.Value.MessageId));
        Assert.Equal(ErrorCode.NotFinite, recorded["p7"].Message.Error.Code);
        Assert.Equal(ErrorCode.InvalidItem, recorded["p8"].Message.Error.Code);
        Assert.All(recorded.Where(entry => entry.Key is not ("p7" or "p8")).Select(entry => entry.Value.Message), message =>
        {
            Assert.Null(message.Error);
            Assert.Equal(.7310585786, message.Judgement.PreferenceA, 1e-9); // 1/(1+e^-1)
            Assert.False(message.Judgement.SamePosition);
            Assert.Equal(("a", "b", "run", 2), (message.ResponseAId, message.ResponseBId, message.Header.RunId, message.Header.Step));
            Assert.Equal(PrincipleDraw.Draw(ConstitutionFile.Default.ComparisonPrinciples, message.Seed).Id, message.Judgement.PrincipleId);
        });
        Assert.True(recorded.Values.Select(entry => entry.Message.Judgement?.PrincipleId).Distinct().Count() > 10, "principles are drawn at random");
        var items = judge.Generator.ScoreCalls.Sum(call => call.Items.Count);
        Assert.True(judge.Generator.ScoreCalls.Count * 8 < items, $"{items} items went out in {judge.Generator.ScoreCalls.Count} calls");
    }

    [Fact]
    public async Task Each_revision_request_is_completed()
    {
        judge.Generator.OnScore = _ => ScriptedGenerator.Logprobs(-1);
        judge.Generator.OnGenerate = request => request.Prompt.ContentCase == Prompt.ContentOneofCase.Conversation
            ? ScriptedGenerator.Text("an answer")
            : ScriptedGenerator.Text($"text {request.Sampling.Seed}");
        var facts = await judge.ListenAsync(RoutingKeys.RevisionsCompleted, RevisionCompleted.Parser);

        for (var i = 0; i < 20; i++)
        {
            var request = new RevisionRequested
            {
                Header = new MessageHeader { MessageId = $"r/{i}", RunId = "run", Stage = "revision" },
                PromptId = $"p{i}",
                Conversation = Conversation(),
                MaxRounds = 2,
                Seed = (ulong)i,
                MaxNewTokens = 12,
            };
            await judge.PublishAsync(RoutingKeys.RevisionsRequested, request.Header, request);
        }

        var completed = await ReadAsync(facts, 20, message => message.PromptId);
        Assert.All(completed.Values, entry =>
        {
            var message = entry.Message;
            Assert.Equal($"r/{message.PromptId[1..]}", entry.MessageId);
            Assert.Null(message.Error);
            Assert.Equal(("an answer", "base", ConstitutionFile.Default.Hash), (message.InitialResponse, message.PolicyVersion, message.ConstitutionHash));
            Assert.Equal(2, message.Rounds.Count);
        });
        Assert.All(judge.Generator.GenerateCalls.SelectMany(call => call.Requests).Where(request => request.Sampling.MaxNewTokens == 12),
            request => Assert.Equal("base", request.PolicyVersion));
    }

    [Fact]
    public async Task A_single_comparison_can_be_called_for()
    {
        judge.Generator.OnScore = item => ScriptedGenerator.Logprobs(item.Text == "A" ? -1 : -3);
        var before = await judge.Client.InfoAsync(new JudgingInfoRequest(), cancellationToken: Cancellation);
        var response = await judge.Client.CompareAsync(
            new CompareRequest
            {
                Conversation = Conversation(),
                ResponseA = "one",
                ResponseB = "two",
                Principle = new PrincipleChoice { PrincipleId = "safety" },
            },
            cancellationToken: Cancellation);
        var after = await judge.Client.InfoAsync(new JudgingInfoRequest(), cancellationToken: Cancellation);

        Assert.Equal((.5, true, "safety"), (response.Judgement.PreferenceA, response.Judgement.SamePosition, response.Judgement.PrincipleId));
        Assert.Equal(1, after.Comparisons - before.Comparisons);
        Assert.True(after.SamePositionRate > 0);
        Assert.Equal(("base", ConstitutionFile.Default.Name), (after.JudgeVersion, after.ConstitutionName));
    }

    [Fact]
    public async Task A_critique_and_a_revision_can_be_called_for()
    {
        judge.Generator.OnGenerate = request => ScriptedGenerator.Text(
            request.Prompt.Text.EndsWith(RoleMarks.Critique, StringComparison.Ordinal) ? " It is rude. \n\nHuman: no" : " Please ask first.");
        var critique = await judge.Client.CritiqueAsync(
            new CritiqueRequest { Conversation = Conversation(), Response = "Take it!", Seed = 3 }, cancellationToken: Cancellation);
        var revision = await judge.Client.ReviseAsync(
            new ReviseRequest
            {
                Conversation = Conversation(),
                Response = "Take it!",
                Critique = critique.Critique,
                Principle = new PrincipleChoice { PrincipleId = critique.PrincipleId },
            },
            cancellationToken: Cancellation);

        Assert.Equal("It is rude.", critique.Critique);
        Assert.Equal(("Please ask first.", critique.PrincipleId), (revision.Revision, revision.PrincipleId));
    }

    [Fact]
    public async Task Calls_that_make_no_sense_are_invalid_arguments_and_a_failing_pool_is_unavailable()
    {
        var good = new CompareRequest { Conversation = Conversation(), ResponseA = "one", ResponseB = "two" };
        Assert.Equal(StatusCode.InvalidArgument, await StatusAsync(new CompareRequest(good) { ResponseA = "" }));
        Assert.Equal(StatusCode.InvalidArgument, await StatusAsync(new CompareRequest(good) { Conversation = null }));
        Assert.Equal(StatusCode.InvalidArgument, await StatusAsync(new CompareRequest(good) { Principle = new PrincipleChoice { PrincipleId = "nobody" } }));
        judge.Generator.OnScore = _ => new ScoreTokensResult { Error = new ItemError { Code = ErrorCode.TooLong, Message = "700 tokens" } };
        Assert.Equal(StatusCode.InvalidArgument, await StatusAsync(good));
        judge.Generator.Failures.Enqueue(new RpcException(new Status(StatusCode.Internal, "fault")));
        Assert.Equal(StatusCode.Unavailable, await StatusAsync(good));
    }

    [Fact]
    public async Task The_principles_are_listed()
    {
        var response = await judge.Client.ListPrinciplesAsync(new ListPrinciplesRequest(), cancellationToken: Cancellation);
        Assert.Equal(16, response.Principles.Count);
        Assert.Equal(ConstitutionFile.Default.Hash, response.ConstitutionHash);
        Assert.Equal("Which answer does less harm and still helps where it can?", response.Principles[0].Comparison);
    }

    [Theory]
    [InlineData("name: n\nprinciples:\n  - id: a\n    comparison: Which is better?\n", "critiqueRequest")]
    [InlineData("name: n\nprinciples:\n  - id: a\n    critiqueRequest: Say.\n    revisionRequest: Rewrite.\n", "comparison")]
    [InlineData("nonsense: [", "")]
    public void A_constitution_that_cannot_serve_stops_the_start_in_one_sentence(string text, string names)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.yaml");
        File.WriteAllText(path, text);
        try
        {
            var error = Assert.Throws<StartupException>(() => ConstitutionOptions.Load(path));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Contains(names, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static Conversation Conversation() => new() { Messages = { new ChatMessage { Role = "user", Content = "May I take the bread?" } } };

    private static string Option(string prompt, string label)
    {
        var from = prompt.IndexOf($"\n\nOption {label}: ", StringComparison.Ordinal) + $"\n\nOption {label}: ".Length;
        return prompt[from..prompt.IndexOf("\n\n", from, StringComparison.Ordinal)];
    }

    private static async Task<Dictionary<string, (string MessageId, T Message)>> ReadAsync<T>(
        ChannelReader<(string MessageId, T Message)> facts, int count, Func<T, string> key)
    {
        var read = new Dictionary<string, (string, T)>();
        while (read.Count < count)
        {
            var fact = await facts.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            read.Add(key(fact.Message), fact);
        }
        return read;
    }

    private async Task<StatusCode> StatusAsync(CompareRequest request) =>
        (await Assert.ThrowsAsync<RpcException>(async () => await judge.Client.CompareAsync(request, cancellationToken: Cancellation))).StatusCode;
}
