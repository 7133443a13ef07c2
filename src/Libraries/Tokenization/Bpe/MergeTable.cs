namespace Rlhf.Tokenization.Bpe;

/// <summary>Which two neighbouring tokens merge into which third, and which pair goes first.</summary>
internal sealed class MergeTable
{
    // Left and right id in one number; rank and the merged id in another.
    private readonly Dictionary<ulong, ulong> _merges = [];

    /// <summary>Sets what a pair merges into. Of two entries for one pair the later one counts.</summary>
    /// <param name="rank">Pairs of the lowest rank merge first.</param>
    public void Set(int left, int right, uint rank, int merged) => _merges[Pair(left, right)] = ((ulong)rank << 32) | (uint)merged;

    /// <summary>Whether the pair merges, and into what.</summary>
    public bool TryGet(int left, int right, out uint rank, out int merged)
    {
        if (left < 0 || right < 0 || !_merges.TryGetValue(Pair(left, right), out var found))
        {
            (rank, merged) = (0, 0);
            return false;
        }

        (rank, merged) = ((uint)(found >> 32), (int)(uint)found);
        return true;
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
