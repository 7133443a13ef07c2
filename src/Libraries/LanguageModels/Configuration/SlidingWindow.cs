using System.Numerics;

namespace Rlhf.LanguageModels.Configuration;

/// <summary>Attention that sees the newest tokens only (Beltagy et al. 2020, arXiv:2004.05150).</summary>
/// <param name="Width">Tokens that a token sees, itself included; 1 or more.</param>
/// <param name="Layers">Bit i is set where layer i is so limited; a number, so that equal windows are equal.</param>
public sealed record SlidingWindow(int Width, BigInteger Layers)
{
    /// <summary>Limits the layers for which the function says so.</summary>
    public static SlidingWindow Over(int width, int layers, Func<int, bool> isLimited) => new(
        width, Enumerable.Range(0, layers).Where(isLimited).Aggregate(BigInteger.Zero, (bits, layer) => bits | (BigInteger.One << layer)));

    /// <summary>Whether the layer is limited.</summary>
    public bool Covers(int layer) => !(Layers >> layer).IsEven;
}
