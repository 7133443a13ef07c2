namespace Rlhf.Coordinator.Agreement;

/// <summary>
/// Draws from binomial distributions by inversion, from the most likely number outward: about as many steps as the distribution's
/// standard deviation, whatever the number of trials.
/// </summary>
internal sealed class BinomialSampler
{
    // log(0!), log(1!), …
    private readonly double[] _logFactorials;

    /// <summary>For numbers of trials up to one.</summary>
    public BinomialSampler(int mostTrials)
    {
        _logFactorials = new double[mostTrials + 1];
        for (var i = 2; i <= mostTrials; i++)
        {
            _logFactorials[i] = _logFactorials[i - 1] + Math.Log(i);
        }
    }

    /// <summary>How many of so many trials succeed, each with the probability <paramref name="p"/>.</summary>
    public int Next(Random random, int trials, double p)
    {
        if (trials == 0 || p <= 0)
        {
            return 0;
        }

        if (p >= 1)
        {
            return trials;
        }

        var odds = p / (1 - p);
        var mode = (int)((trials + 1) * p);
        var (low, high) = (mode, mode);
        var atMode = Math.Exp(
            _logFactorials[trials] - _logFactorials[mode] - _logFactorials[trials - mode] + (mode * Math.Log(p)) + ((trials - mode) * Math.Log(1 - p)));
        var (atLow, atHigh) = (atMode, atMode);
        var rest = random.NextDouble() - atMode;
        while (rest >= 0 && (low > 0 || high < trials))
        {
            if (high < trials)
            {
                atHigh *= (trials - high) / (high + 1.0) * odds;
                high++;
                rest -= atHigh;
                if (rest < 0)
                {
                    return high;
                }
            }

            if (low > 0)
            {
                atLow *= low / ((trials - low + 1.0) * odds);
                low--;
                rest -= atLow;
                if (rest < 0)
                {
                    return low;
                }
            }
        }

        return mode; // also what rounding left over
    }
}
