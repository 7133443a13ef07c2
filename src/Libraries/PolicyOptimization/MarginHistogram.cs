namespace Rlhf.PolicyOptimization;

/// <summary>How far the preferred response scores above the other, over the decided pairs.</summary>
/// <param name="Counts">Pairs below the first of the <see cref="Edges"/>, between each two of them, and from the last on.</param>
/// <param name="Mean">The mean margin, in log odds.</param>
public sealed record MarginHistogram(IReadOnlyList<int> Counts, double Mean)
{
    /// <summary>Where one bin ends and the next begins, in log odds; what lies on an edge belongs to the upper bin.</summary>
    public static IReadOnlyList<double> Edges { get; } = [-4, -2, -1, -0.5, 0, 0.5, 1, 2, 4];

    /// <summary>Counts margins.</summary>
    /// <param name="margins">Score of the preferred response minus score of the other; at least one.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static MarginHistogram Of(IReadOnlyCollection<double> margins)
    {
        if (margins.Count == 0)
        {
            throw new ArgumentException("There is no margin to count.", nameof(margins));
        }

        var counts = new int[Edges.Count + 1];
        foreach (var margin in margins)
        {
            counts[Edges.Count(edge => edge <= margin)]++;
        }

        return new MarginHistogram(counts, margins.Average());
    }

    /// <summary>A bin in words, such as "-1..-0.5".</summary>
    public static string NameOf(int bin)
    {
        static string Text(double edge) => edge.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return bin == 0 ? $"..{Text(Edges[0])}" : bin == Edges.Count ? $"{Text(Edges[^1])}.." : $"{Text(Edges[bin - 1])}..{Text(Edges[bin])}";
    }
}
