namespace Rlhf.LanguageModels.Sampling;

/// <summary>Random numbers by counting: a response's n-th number depends on its seed and n alone.</summary>
internal static class SeededUniform
{
    /// <summary>SplitMix64 (Steele et al. 2014) of seed and position, as a number strictly between 0 and 1.</summary>
    public static double Of(ulong seed, int position)
    {
        var z = Mix(Mix(seed + 0x9E3779B97F4A7C15) + ((ulong)position * 0x9E3779B97F4A7C15));
        return ((z >> 12) + 0.5) / (1UL << 52);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
