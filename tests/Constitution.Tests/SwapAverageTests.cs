namespace Rlhf.Constitution.Tests;

public sealed class SwapAverageTests
{
    [Fact]
    public void Preference_is_the_mean_of_both_orders()
    {
        // First order: 0.8 against 0.2. Second order, A under label B: 0.4 against 0.6, so P(A) = 0.6.
        var average = SwapAverage.Of(new LabelLogprobs(Math.Log(.4), Math.Log(.1)), new LabelLogprobs(Math.Log(.04), Math.Log(.06)));
        Assert.Equal(.8, average.ProbabilityAFirst, 1e-12);
        Assert.Equal(.6, average.ProbabilityASecond, 1e-12);
        Assert.Equal(.7, average.PreferenceA, 1e-12);
        Assert.False(average.SamePosition);
    }

    [Theory]
    [InlineData(-1, -2, -1, -2, true)] // names the first position twice
    [InlineData(-2, -1, -2, -1, true)] // names the second position twice
    [InlineData(-1, -2, -2, -1, false)] // names A twice
    [InlineData(-1, -1, -1, -2, false)] // an exact tie names no position
    public void Same_position_means_that_the_content_was_not_followed(double a1, double b1, double a2, double b2, bool expected) =>
        Assert.Equal(expected, SwapAverage.Of(new LabelLogprobs(a1, b1), new LabelLogprobs(a2, b2)).SamePosition);

    [Fact]
    public void A_judge_of_pure_position_is_undecided() =>
        Assert.Equal(.5, SwapAverage.Of(new LabelLogprobs(-.1, -3), new LabelLogprobs(-.1, -3)).PreferenceA, 1e-12);

    [Theory]
    [InlineData(double.NaN, -1)]
    [InlineData(-1, double.NegativeInfinity)]
    public void Values_that_are_not_finite_are_refused(double a, double b) =>
        Assert.Throws<ArgumentException>(() => SwapAverage.Of(new LabelLogprobs(a, b), new LabelLogprobs(-1, -1)));
}
