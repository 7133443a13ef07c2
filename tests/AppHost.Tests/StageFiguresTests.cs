using Rlhf.AppHost.Progress;
using Rlhf.V1;

namespace Rlhf.AppHost.Tests;

public sealed class StageFiguresTests
{
    [Fact]
    public void A_running_stage_has_a_count_a_rate_and_an_end()
    {
        // 30 items in 20 s are 1.5 a second; 90 more take 60 s.
        var stage = new RunStage { State = StageState.Running, Done = 30, Wanted = 120, Seconds = 20, Unit = "prompts" };

        Assert.Equal("30/120 prompts", StageFigures.CountOf(stage));
        Assert.Equal("1.5/s", StageFigures.RateOf(stage));
        Assert.Equal("1:00 left", StageFigures.RemainingOf(stage));
    }

    [Fact]
    public void A_stage_that_has_done_nothing_yet_promises_nothing()
    {
        var stage = new RunStage { State = StageState.Running, Wanted = 120, Seconds = 20, Unit = "prompts" };

        Assert.Equal("", StageFigures.RateOf(stage));
        Assert.Equal("", StageFigures.RemainingOf(stage));
    }

    [Theory]
    [InlineData(59.6, "1:00")]
    [InlineData(125, "2:05")]
    [InlineData(3600, "60:00")]
    public void Durations_are_minutes_and_seconds(double seconds, string expected) => Assert.Equal(expected, StageFigures.Duration(seconds));
}
