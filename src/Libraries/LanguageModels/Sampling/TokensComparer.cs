namespace Rlhf.LanguageModels.Sampling;

/// <summary>Compares token sequences by content.</summary>
internal sealed class TokensComparer : IEqualityComparer<int[]>
{
    public static readonly TokensComparer Instance = new();

    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(int[] tokens)
    {
        var hash = default(HashCode);
        foreach (var token in tokens)
        {
            hash.Add(token);
        }

        return hash.ToHashCode();
    }
}
