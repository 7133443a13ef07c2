namespace Rlhf.PolicyOptimization;

/// <summary>
/// Proportional controller that steers the KL per sequence to a target (Ziegler et al. 2019, arXiv:1909.08593, section 2.2):
/// beta grows by the factor 1 + clip(KL / target - 1, ±0.2) · sequences / horizon.
/// </summary>
/// <param name="Beta">Weight of the KL penalty now; published start .15.</param>
/// <param name="Target">KL per sequence to hold, in nats, above 0; published value 6.</param>
/// <param name="Horizon">Sequences over which a full error moves beta by a fifth; published value 10,000.</param>
public sealed record AdaptiveKlController(double Beta, double Target, int Horizon = 10_000) : IKlController
{
    private const double LargestError = 0.2;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The KL is not a finite number.</exception>
    public IKlController Update(double klPerSequence, int sequences)
    {
        if (!double.IsFinite(klPerSequence))
        {
            throw new ArgumentException($"{nameof(klPerSequence)} is {klPerSequence}; it must be a finite number.", nameof(klPerSequence));
        }

        var error = Math.Clamp(klPerSequence / Target - 1, -LargestError, LargestError);
        return this with { Beta = Beta * (1 + error * sequences / Horizon) };
    }

    /// <inheritdoc/>
    public IKlController WithBeta(double beta) => this with { Beta = beta };
}
