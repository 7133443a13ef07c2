using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>What of a model's outputs is asked for, on the version's scales.</summary>
/// <param name="Outputs">Their mean is the raw score: the members' outputs, the sources' heads' normalised scores, or one head's output.</param>
/// <param name="Normalisation">Of the raw score.</param>
internal sealed record HeadScores(IReadOnlyList<double> Outputs, ScoreNormalisation Normalisation)
{
    /// <summary>The score before it is normalised.</summary>
    public double Raw => Outputs.Average();

    /// <summary>Mean 0 and variance 1 over the baseline's responses.</summary>
    public double Normalised => Normalise(Raw, Normalisation);

    /// <summary>On the scale of the comparisons' ratings.</summary>
    public double Rating => Normalisation.RatingMean + (Normalisation.RatingStandardDeviation * Raw);

    /// <summary>The outputs' standard deviation.</summary>
    public double Spread
    {
        get
        {
            var raw = Raw;
            return Math.Sqrt(Outputs.Average(output => (output - raw) * (output - raw)));
        }
    }

    /// <summary>Reads one item's outputs.</summary>
    /// <param name="normalisation">The version's.</param>
    /// <param name="outputs">One for each member or head.</param>
    /// <param name="head">The place of the head that is asked for; null for all.</param>
    public static HeadScores Of(ScoreNormalisation normalisation, float[] outputs, int? head) =>
        head is { } place ? new HeadScores([outputs[place]], normalisation.Heads[place].Normalisation)
        : normalisation.Heads.Count == 0 ? new HeadScores([.. outputs.Select(output => (double)output)], normalisation)
        // Of heads with different scales, the largest would decide their plain mean.
        : new HeadScores([.. outputs.Zip(normalisation.Heads, (output, own) => Normalise(output, own.Normalisation))], normalisation);

    private static double Normalise(double raw, ScoreNormalisation normalisation) => (raw - normalisation.ScoreMean) / normalisation.ScoreStandardDeviation;
}
