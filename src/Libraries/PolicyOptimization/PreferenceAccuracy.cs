namespace Rlhf.PolicyOptimization;

/// <summary>How well score differences predict preferences on pairs kept out of training.</summary>
/// <param name="Accuracy">Share of decided pairs whose preferred answer scores higher; an equal score counts half.</param>
/// <param name="ExpectedCalibrationError">Mean over ten bins of |mean probability - mean preference|, weighted by the bins' sizes.</param>
/// <param name="DecidedPairs">Pairs that count for the accuracy.</param>
/// <param name="Interval">Wilson's interval of the accuracy, 95 %.</param>
/// <param name="Margins">How far apart the scores of the decided pairs are.</param>
public sealed record PreferenceAccuracy(
    double Accuracy, double ExpectedCalibrationError, int DecidedPairs, ShareInterval Interval, MarginHistogram Margins)
{
    private const int Bins = 10;

    /// <summary>Measures predictions against labels.</summary>
    /// <param name="differences">Score of A minus score of B; sigmoid of it is the predicted probability that A is better.</param>
    /// <param name="preferencesA">The labels: probability that A is better, 0 to 1.</param>
    /// <param name="tieMargin">A preference no farther than this from ½ decides nothing; 0: only ½ itself.</param>
    /// <exception cref="ArgumentException">The lists differ in length, or no pair is decided.</exception>
    public static PreferenceAccuracy Measure(IReadOnlyList<double> differences, IReadOnlyList<double> preferencesA, double tieMargin = 0)
    {
        if (differences.Count != preferencesA.Count)
        {
            throw new ArgumentException(
                $"There are {differences.Count} differences but {preferencesA.Count} preferences.", nameof(differences));
        }

        var margins = new List<double>();
        var probabilitySums = new double[Bins];
        var preferenceSums = new double[Bins];
        for (var i = 0; i < differences.Count; i++)
        {
            var preference = preferencesA[i];
            if (Math.Abs(preference - 0.5) > tieMargin)
            {
                margins.Add(preference > 0.5 ? differences[i] : -differences[i]);
            }

            var probability = 1 / (1 + Math.Exp(-differences[i]));
            var bin = Math.Min((int)(probability * Bins), Bins - 1);
            probabilitySums[bin] += probability;
            preferenceSums[bin] += preference;
        }

        if (margins.Count == 0)
        {
            throw new ArgumentException($"No pair has a preference more than {tieMargin} from one half: there is nothing to be right about.", nameof(preferencesA));
        }

        var calibrationError = probabilitySums.Zip(preferenceSums, (p, q) => Math.Abs(p - q)).Sum() / differences.Count;
        var right = margins.Sum(margin => margin == 0 ? 0.5 : margin > 0 ? 1 : 0);
        return new PreferenceAccuracy(
            right / margins.Count, calibrationError, margins.Count, ShareInterval.Wilson(right, margins.Count), MarginHistogram.Of(margins));
    }
}
