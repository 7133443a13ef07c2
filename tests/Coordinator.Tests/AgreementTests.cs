using Rlhf.Coordinator.Agreement;

namespace Rlhf.Coordinator.Tests;

public sealed class AgreementTests
{
    // Two raters, two categories: both yes, only the first yes, only the second yes, both no. The values are by hand,
    // e.g. (0.7 − 0.5) / (1 − 0.5) for the first row.
    [Theory]
    [InlineData(20, 5, 10, 15, 0.4)]
    [InlineData(45, 15, 25, 15, 3 / 23.0)]
    [InlineData(25, 35, 5, 35, 7 / 27.0)]
    [InlineData(5, 0, 0, 5, 1.0)]
    [InlineData(0, 5, 5, 0, -1.0)]
    public void Cohens_kappa_is_agreement_beyond_what_both_raters_habits_give(int bothYes, int firstYes, int secondYes, int bothNo, double expected)
    {
        var kappa = CohensKappa.Of(Ratings(bothYes, firstYes, secondYes, bothNo), categories: 2);

        Assert.Equal(expected, kappa.Value ?? double.NaN, 1e-12);
        Assert.Equal(bothYes + firstYes + secondYes + bothNo, kappa.Items);
        Assert.Equal((bothYes + bothNo) / (double)kappa.Items, kappa.Observed ?? double.NaN, 1e-12);
    }

    [Fact]
    public void Cohens_kappas_interval_is_that_of_its_asymptotic_standard_error()
    {
        // 400 of each 5 items of 20, 5, 10, 15. For large samples (Fleiss, Cohen and Everitt 1969):
        // with p = .4, .1, .2, .3, margins .5/.5 and .6/.4, κ = .4, the variance is (A + B − C) / ((1 − pₑ)² n), where
        // A = Σ pᵢᵢ (1 − (pᵢ. + p.ᵢ)(1 − κ))² = .4 (1 − 1.1·.6)² + .3 (1 − .9·.6)² = .10972,
        // B = (1 − κ)² Σ pᵢⱼ (p.ᵢ + pⱼ.)² = .36 (.1 (.6 + .5)² + .2 (.4 + .5)²) = .10188,
        // C = (κ − pₑ(1 − κ))² = (.4 − .3)² = .01; so σ = √(.2016 / (.25 n)).
        var ratings = Ratings(800, 200, 400, 600);
        var standardError = Math.Sqrt(0.2016 / (0.25 * ratings.Count));

        var kappa = CohensKappa.Of(ratings, categories: 2);

        // The ends of 4000 resamples have a standard error of about 0.04 σ.
        Assert.Equal(0.4 - (1.96 * standardError), kappa.Low ?? double.NaN, 0.25 * standardError);
        Assert.Equal(0.4 + (1.96 * standardError), kappa.High ?? double.NaN, 0.25 * standardError);
    }

    [Theory]
    [InlineData(12, 0.3)]
    [InlineData(100_000, 0.0002)]
    [InlineData(100_000, 0.9)]
    public void Binomial_draws_have_the_distributions_mean_and_variance(int trials, double p)
    {
        const int draws = 20_000;
        var (random, sampler) = (new Random(2), new BinomialSampler(trials));
        var drawn = Enumerable.Range(0, draws).Select(_ => (double)sampler.Next(random, trials, p)).ToList();
        var (mean, variance) = (trials * p, trials * p * (1 - p));

        // Four standard errors: of a mean, and of the variance of something nearly normal.
        Assert.Equal(mean, drawn.Average(), 4 * Math.Sqrt(variance / draws));
        Assert.Equal(variance, drawn.Average(value => Math.Pow(value - mean, 2)), 4 * variance * Math.Sqrt(2.0 / draws));
        Assert.All(drawn, value => Assert.InRange(value, 0, trials));
    }

    [Fact]
    public void Fleiss_kappa_of_fourteen_raters()
    {
        // A published worked example: ten items, five categories, mean agreement .378, expected .213.
        int[][] counts =
        [
            [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
            [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
        ];

        var kappa = FleissKappa.Of(counts);

        Assert.Equal(0.378, kappa.Observed ?? double.NaN, 5e-4);
        Assert.Equal(0.20993070442195522, kappa.Value ?? double.NaN, 1e-12);
    }

    [Fact]
    public void Fleiss_kappa_of_two_raters_takes_both_raters_habits_together()
    {
        // 3 agree on the first category, 3 on the second, 2 differ: observed ¾, shares ½ and ½, so (¾ − ½) / ½.
        var kappa = FleissKappa.Of([.. Enumerable.Repeat(new[] { 2, 0 }, 3), .. Enumerable.Repeat(new[] { 0, 2 }, 3), [1, 1], [1, 1]]);

        Assert.Equal(0.5, kappa.Value ?? double.NaN, 1e-12);
        Assert.Throws<ArgumentException>(() => FleissKappa.Of([[2, 0], [2, 1]]));
    }

    [Fact]
    public void Agreement_is_undefined_where_everybody_always_says_the_same_and_where_there_is_nothing()
    {
        Assert.Equal(new Kappa(null, null, null, 1, 4), CohensKappa.Of([.. Enumerable.Repeat((1, 1), 4)], categories: 3));
        Assert.Equal(new Kappa(null, null, null, null, 0), CohensKappa.Of([], categories: 3));
        Assert.Equal(new Kappa(null, null, null, null, 0), FleissKappa.Of([]));
    }

    [Fact]
    public void A_share_has_Wilsons_interval()
    {
        // 9 of 10: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96 is .596 to .982.
        var share = Share.Counted(9, 10);

        Assert.Equal((0.9, 0.59585, 0.98212, 10), (share.Value, Math.Round(share.Low ?? 0, 5), Math.Round(share.High ?? 0, 5), share.Of));
        Assert.Equal(1, Share.Counted(5, 5).High);
        Assert.Equal(new Share(null, null, null, 0), Share.Counted(0, 0));
    }

    private static List<(int, int)> Ratings(int bothYes, int firstYes, int secondYes, int bothNo) =>
    [
        .. Enumerable.Repeat((0, 0), bothYes), .. Enumerable.Repeat((0, 1), firstYes),
        .. Enumerable.Repeat((1, 0), secondYes), .. Enumerable.Repeat((1, 1), bothNo),
    ];
}
