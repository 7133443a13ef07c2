using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.Training;

/// <summary>
/// How a reward model's outputs become one score. Of an ensemble it is their mean. Heads of different sources have different scales, and in
/// their plain mean the one with the largest would decide; so each is standardised before.
/// </summary>
/// <param name="Score">Of the score.</param>
/// <param name="Heads">Of each source's head, in the model's order; empty where the model has none.</param>
internal sealed record RewardScale(ScoreScale Score, IReadOnlyList<ScoreScale> Heads)
{
    /// <summary>Measures the scale of an ensemble, or of a single head.</summary>
    /// <param name="outputs">The members' outputs for each response of the baseline.</param>
    /// <param name="toRatings">What outputs of a mean and spread mean as ratings.</param>
    /// <exception cref="ArgumentException">The outputs have no spread, or one is not finite.</exception>
    public static RewardScale OfMembers(IReadOnlyList<float[]> outputs, Func<Standardisation, Standardisation> toRatings)
    {
        var scores = Standardisation.Measure([.. outputs.Select(members => (double)members.Average())]);
        return new RewardScale(new ScoreScale(scores, toRatings(scores)), []);
    }

    /// <summary>Measures the scales of sources' heads and of their score.</summary>
    /// <inheritdoc cref="OfMembers"/>
    public static RewardScale OfHeads(IReadOnlyList<float[]> outputs, Func<Standardisation, Standardisation> toRatings)
    {
        ScoreScale[] heads =
        [
            .. Enumerable.Range(0, outputs[0].Length).Select(head => Standardisation.Measure([.. outputs.Select(members => (double)members[head])]))
                .Select(scores => new ScoreScale(scores, toRatings(scores))),
        ];
        // A score of 0 is the average response to each head, and a score of 1 as much better as each head's standard deviation says, on average.
        var ratings = new Standardisation(
            heads.Average(head => head.Ratings.Invert(head.Scores.Mean)), heads.Average(head => head.Ratings.StandardDeviation * head.Scores.StandardDeviation));
        return new RewardScale(new ScoreScale(Standardisation.Measure([.. outputs.Select(members => Together(members, heads).Average())]), ratings), heads);
    }

    /// <summary>The outputs for a response on one scale: their mean is its score.</summary>
    public double[] Together(float[] outputs) => Together(outputs, Heads);

    private static double[] Together(float[] outputs, IReadOnlyList<ScoreScale> heads) => heads.Count == 0
        ? [.. outputs.Select(output => (double)output)]
        : [.. outputs.Zip(heads, (output, head) => head.Scores.Apply(output))];
}
