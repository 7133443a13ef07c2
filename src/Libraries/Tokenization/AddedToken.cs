namespace Rlhf.Tokenization;

/// <summary>A token that is matched in the text as a whole, before anything else is done to it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Whether it steers the model (end of sequence, role marks): only matched where the caller asks for it.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial)
{
    /// <summary>Whether it takes the white space before it.</summary>
    public bool TakesSpaceBefore { get; init; }

    /// <summary>Whether it takes the white space behind it.</summary>
    public bool TakesSpaceBehind { get; init; }

    /// <summary>Whether it is matched only where no word goes on beside it.</summary>
    public bool IsWholeWord { get; init; }

    /// <summary>Whether it is looked for in the normalized text.</summary>
    public bool IsNormalized { get; init; }
}
