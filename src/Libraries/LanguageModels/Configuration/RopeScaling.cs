namespace Rlhf.LanguageModels.Configuration;

/// <summary>How rotary frequencies are slowed to reach longer contexts.</summary>
/// <param name="Factor">How many times slower.</param>
/// <param name="Bands">Which frequencies; null slows all alike ("linear"; Chen et al. 2023, arXiv:2306.15595).</param>
public sealed record RopeScaling(double Factor, RopeBands? Bands = null)
{
    /// <summary>The frequency instead of an unscaled one, in radians a token.</summary>
    public double Apply(double frequency)
    {
        if (Bands is not { } bands)
        {
            return frequency / Factor;
        }

        // Turns within the original context, from few (slowed in full) to many (kept).
        var turns = bands.OriginalContext * frequency / (2 * Math.PI);
        var kept = Math.Clamp((turns - bands.LowFrequencyFactor) / (bands.HighFrequencyFactor - bands.LowFrequencyFactor), 0, 1);
        return (kept * frequency) + ((1 - kept) * frequency / Factor);
    }
}
