using Rlhf.Constitution;
using Rlhf.Judge.Comparing;
using Rlhf.V1;

namespace Rlhf.Judge.Tests;

public sealed class ComparerTests : IAsyncDisposable
{
    private const string Transcript = "\n\nHuman: How do I bake bread?\n\nAssistant:";
    private readonly JudgeParts _judge = new();

    public ValueTask DisposeAsync() => _judge.DisposeAsync();

    [Fact]
    public async Task Label_logprobs_of_both_orders_become_the_averaged_preference()
    {
        // Good first: log-odds 2 for label A. Good second: log-odds 1 for label B.
        _judge.Generator.OnScore = item =>
        {
            var goodIsFirst = IsFirst(item.Prompt.Text, "good");
            var isA = item.Text == "A";
            return ScriptedGenerator.Logprobs((goodIsFirst, isA) switch { (true, true) => -1, (true, false) => -3, (false, true) => -2, (false, false) => -1 });
        };

        var judgement = await CompareAsync("good", "bad");

        // 1/(1+e^-2) = .8807970780 and 1/(1+e^-1) = .7310585786; their mean .8059278283.
        Assert.Equal(.8807970780, judgement.ProbabilityAFirst, 1e-9);
        Assert.Equal(.7310585786, judgement.ProbabilityASecond, 1e-9);
        Assert.Equal(.8059278283, judgement.PreferenceA, 1e-9);
        Assert.False(judgement.SamePosition);
        Assert.Equal("base", judgement.JudgeVersion);
        Assert.Equal("harm", judgement.PrincipleId);
        Assert.Equal(ComparisonPrompt.TemplateHash(ConstitutionFile.Default), judgement.TemplateHash);
    }

    [Fact]
    public async Task A_judge_that_follows_the_position_prefers_neither_and_is_counted()
    {
        _judge.Generator.OnScore = item => ScriptedGenerator.Logprobs(item.Text == "A" ? -.5f : -1.5f);

        var judgement = await CompareAsync("good", "bad");

        Assert.Equal(.5, judgement.PreferenceA, 1e-12);
        Assert.True(judgement.SamePosition);
        var metrics = _judge.Get<JudgeMetrics>();
        Assert.Equal((1, 1), (metrics.Comparisons, metrics.SamePositionRate));
    }

    [Fact]
    public async Task One_failed_question_fails_the_comparison()
    {
        _judge.Generator.OnScore = item => item.Text == "B" && IsFirst(item.Prompt.Text, "bad")
            ? new ScoreTokensResult { Error = new ItemError { Code = ErrorCode.TooLong, Message = "too long" } }
            : ScriptedGenerator.Logprobs(-1);

        var error = await Assert.ThrowsAsync<ItemFailedException>(() => CompareAsync("good", "bad"));

        Assert.Equal(ErrorCode.TooLong, error.Error.Code);
        Assert.Equal(0, _judge.Get<JudgeMetrics>().Comparisons);
    }

    private static bool IsFirst(string prompt, string answer) =>
        prompt.Contains($"Option A: {answer}", StringComparison.Ordinal);

    private Task<Judgement> CompareAsync(string a, string b) => _judge.Get<Comparer>().CompareAsync(
        ConstitutionFile.Default.Find("harm"), Transcript, a, b, "base", TestContext.Current.CancellationToken);
}
