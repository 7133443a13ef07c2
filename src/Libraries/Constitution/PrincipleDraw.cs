namespace Rlhf.Constitution;

/// <summary>Draws principles at random, the same for the same seed on every machine.</summary>
public static class PrincipleDraw
{
    /// <summary>One of the principles, each equally likely over seeds.</summary>
    /// <param name="principles">At least one.</param>
    /// <param name="seed">Any number; neighbours give independent draws.</param>
    /// <exception cref="ArgumentException">There are no principles.</exception>
    public static Principle Draw(IReadOnlyList<Principle> principles, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(principles);
        return principles.Count == 0
            ? throw new ArgumentException("there are no principles to draw from; the constitution must have one for this use", nameof(principles))
            : principles[(int)Math.BigMul(Mix(seed), (ulong)principles.Count, out _)];
    }

    /// <summary>The output function of SplitMix64 (Steele, Lea and Flood 2014).</summary>
    private static ulong Mix(ulong seed)
    {
        unchecked
        {
            var z = seed + 0x9E3779B97F4A7C15UL;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return z ^ (z >> 31);
        }
    }
}
