namespace Rlhf.PolicyOptimization.Tests;

public sealed class RewardDivergenceTests
{
    [Fact]
    public void A_clear_rise_against_a_clear_fall_is_found()
    {
        var found = RewardDivergence.Find(Series(step => 0.1 * step, step => 5 - (0.2 * step), noise: 0.05));
        Assert.NotNull(found);
        Assert.Equal(0.1 * (RewardDivergence.Window - 1), found.ScoreChange, 0.15);
        Assert.Equal(-0.2 * (RewardDivergence.Window - 1), found.EvaluationChange, 0.15);
    }

    [Fact]
    public void What_moves_together_stands_still_or_is_noise_is_not()
    {
        Assert.Null(RewardDivergence.Find(Series(step => 0.1 * step, step => 0.2 * step, noise: 0.05)));
        Assert.Null(RewardDivergence.Find(Series(step => -0.1 * step, step => -0.2 * step, noise: 0.05)));
        Assert.Null(RewardDivergence.Find(Series(step => 0.1 * step, _ => 1, noise: 0)));
        Assert.Null(RewardDivergence.Find(Series(step => 0.1 * step, step => -0.01 * step, noise: 1)));
    }

    [Fact]
    public void Only_the_newest_steps_count_and_too_few_say_nothing()
    {
        var falling = Series(step => 0.1 * step, step => -0.2 * step, noise: 0);
        Assert.Null(RewardDivergence.Find(falling[..(RewardDivergence.Window - 1)]));
        Assert.Null(RewardDivergence.Find([.. falling, .. Series(step => 0.1 * step, step => 0.2 * step, noise: 0)]));
    }

    private static List<(double Score, double Evaluation)> Series(Func<int, double> score, Func<int, double> evaluation, double noise)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, RewardDivergence.Window).Select(step =>
            (score(step) + (noise * (random.NextDouble() - 0.5)), evaluation(step) + (noise * (random.NextDouble() - 0.5))))];
    }
}
