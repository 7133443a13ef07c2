namespace Rlhf.Tokenization.Splitting;

/// <summary>What becomes of a pattern's matches.</summary>
internal enum SplitBehavior
{
    /// <summary>Left out.</summary>
    Removed,

    /// <summary>Words of their own.</summary>
    Isolated,

    /// <summary>Part of the word before.</summary>
    MergedWithPrevious,

    /// <summary>Part of the word behind.</summary>
    MergedWithNext,

    /// <summary>Matches side by side are one word.</summary>
    Contiguous,
}
