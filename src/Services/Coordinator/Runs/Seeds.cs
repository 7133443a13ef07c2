using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Rlhf.Coordinator.Runs;

/// <summary>Seeds that are functions of the run's seed and of what they are for: neither time, order nor the run's id plays a part.</summary>
internal static class Seeds
{
    /// <summary>A seed below 2^53, which JSON and signed columns hold exactly.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What it is for, without the run's id.</param>
    public static long Derive(long seed, string purpose)
    {
        var text = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{seed}/{purpose}");
        return (long)(BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))) >> 11);
    }

    /// <summary>A seed as a number from 0 to below 1.</summary>
    public static double Uniform(long seed) => seed * (1.0 / (1L << 53));
}
