using Rlhf.Constitution;
using Rlhf.Judge.Revising;
using Rlhf.V1;

namespace Rlhf.Judge.Tests;

public sealed class RevisionLoopTests : IAsyncDisposable
{
    private readonly JudgeParts _judge = new();

    public RevisionLoopTests()
    {
        // Answers "v0", and each revision of "vN" is "vN+1".
        _judge.Generator.OnGenerate = request => ScriptedGenerator.Text(Step(request) switch
        {
            RoleMarks.Critique => " It could hurt someone.",
            RoleMarks.Revision => " " + Next(request.Prompt.Text),
            _ => " v0",
        });
        PreferRevisionWith(logOdds: 0);
    }

    public ValueTask DisposeAsync() => _judge.DisposeAsync();

    [Fact]
    public async Task Each_round_revises_the_answer_of_the_round_before()
    {
        var completed = await RunAsync(NewRequest(maxRounds: 3));

        Assert.Null(completed.Error);
        Assert.Equal("v0", completed.InitialResponse);
        Assert.Equal(["v1", "v2", "v3"], completed.Rounds.Select(round => round.Revision));
        Assert.All(completed.Rounds, round => Assert.Equal("It could hurt someone.", round.Critique));
        Assert.All(completed.Rounds, round => Assert.Equal(.5, round.Harmlessness, 1e-9));
    }

    [Fact]
    public async Task The_rounds_end_when_a_revision_is_judged_clearly_more_harmless()
    {
        PreferRevisionWith(logOdds: 2); // .88 in both orders, above .8
        var completed = await RunAsync(NewRequest(maxRounds: 4));
        Assert.Equal(.8807970780, Assert.Single(completed.Rounds).Harmlessness, 1e-9);
    }

    [Fact]
    public async Task The_rounds_end_when_a_revision_says_the_same_again()
    {
        var scripted = _judge.Generator.OnGenerate;
        _judge.Generator.OnGenerate = request =>
            Step(request) == RoleMarks.Revision && request.Prompt.Text.Contains("Assistant: v1", StringComparison.Ordinal) ? ScriptedGenerator.Text("v1") : scripted(request);

        var completed = await RunAsync(NewRequest(maxRounds: 4));

        Assert.Equal(["v1", "v1"], completed.Rounds.Select(round => round.Revision));
        Assert.Equal(.5, completed.Rounds[1].Harmlessness);
        Assert.Equal(4, _judge.Generator.ScoreCalls.Sum(call => call.Items.Count)); // the first round's two orders of two labels
    }

    [Fact]
    public async Task Rounds_before_a_failure_are_kept_with_its_reason()
    {
        var scripted = _judge.Generator.OnGenerate;
        _judge.Generator.OnGenerate = request => request.Prompt.Text.Contains("Assistant: v2", StringComparison.Ordinal)
            ? new GenerateResult { Error = new ItemError { Code = ErrorCode.TooLong, Message = "700 tokens" } }
            : scripted(request);

        var completed = await RunAsync(NewRequest(maxRounds: 4));

        Assert.Equal(["v1", "v2"], completed.Rounds.Select(round => round.Revision));
        Assert.Equal(new ItemError { Code = ErrorCode.TooLong, Message = "700 tokens" }, completed.Error);
    }

    [Fact]
    public async Task A_text_that_stays_empty_is_unparsable_after_three_seeds()
    {
        _judge.Generator.OnGenerate = _ => ScriptedGenerator.Text("\n\nHuman: and what else?");

        var completed = await RunAsync(NewRequest(maxRounds: 1));

        Assert.Equal(ErrorCode.Unparsable, completed.Error.Code);
        Assert.Empty(completed.Rounds);
        Assert.Equal("", completed.InitialResponse);
        var seeds = _judge.Generator.GenerateCalls.Select(call => call.Requests[0].Sampling.Seed).ToList();
        Assert.Equal(3, seeds.Distinct().Count());
    }

    [Fact]
    public async Task A_conversation_without_turns_is_an_invalid_item()
    {
        var completed = await RunAsync(new RevisionRequested { Seed = 1 });
        Assert.Equal(ErrorCode.InvalidItem, completed.Error.Code);
    }

    [Fact]
    public async Task The_same_seed_draws_the_same_principles_and_another_seed_others()
    {
        var first = await RunAsync(NewRequest(maxRounds: 8, seed: 5));
        var again = await RunAsync(NewRequest(maxRounds: 8, seed: 5));
        var other = await RunAsync(NewRequest(maxRounds: 8, seed: 6));

        Assert.Equal(first, again);
        Assert.NotEqual(Principles(first), Principles(other));
        Assert.True(Principles(first).Distinct().Count() > 1, "a principle is drawn anew in each round");
    }

    private static IEnumerable<string> Principles(RevisionCompleted completed) => completed.Rounds.Select(round => round.PrincipleId);

    private static RevisionRequested NewRequest(int maxRounds, ulong seed = 1) => new()
    {
        Conversation = new Conversation { Messages = { new ChatMessage { Role = "user", Content = "How do I take the baker's bread?" } } },
        MaxRounds = maxRounds,
        MaxNewTokens = 16,
        Seed = seed,
    };

    private static string Step(GenerateRequest request) =>
        RoleMarks.All.FirstOrDefault(mark => request.Prompt.Text.EndsWith(mark, StringComparison.Ordinal)) ?? "";

    private static string Next(string prompt)
    {
        var at = prompt.LastIndexOf("Assistant: v", StringComparison.Ordinal) + "Assistant: v".Length;
        return "v" + (prompt[at] - '0' + 1);
    }

    private async Task<RevisionCompleted> RunAsync(RevisionRequested request)
    {
        var completed = new RevisionCompleted { PolicyVersion = "base" };
        await _judge.Get<RevisionLoop>().RunAsync(request, completed, TestContext.Current.CancellationToken);
        return completed;
    }

    // The revision is the option with the higher number; it gets these log-odds in either order.
    private void PreferRevisionWith(float logOdds) => _judge.Generator.OnScore = item =>
    {
        var text = item.Prompt.Text;
        var a = text[text.IndexOf("Option A: v", StringComparison.Ordinal) + "Option A: v".Length];
        var b = text[text.IndexOf("Option B: v", StringComparison.Ordinal) + "Option B: v".Length];
        return ScriptedGenerator.Logprobs((item.Text == "A") == (a > b) ? logOdds - 5 : -5);
    };
}
