namespace Rlhf.Learner.Training;

/// <summary>Seeds made from a job's seed, so that each use has its own.</summary>
internal static class Seeds
{
    /// <summary>A well-mixed function of a seed and a number (SplitMix64; Steele et al. 2014).</summary>
    public static ulong Derive(ulong seed, ulong number)
    {
        var x = seed + (0x9E3779B97F4A7C15 * (number + 1));
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>A seed for <see cref="Random"/>.</summary>
    public static int ForRandom(ulong seed) => (int)(Derive(seed, 0) & int.MaxValue);

    /// <summary>A seed for a tensor generator.</summary>
    public static long ForTorch(ulong seed) => (long)(Derive(seed, 1) & long.MaxValue);
}
