namespace Rlhf.Tokenization;

/// <summary>What stands before a text that is encoded. Some tokenizers put a mark before the first word, and it depends on this.</summary>
internal enum TextPlace
{
    /// <summary>Nothing.</summary>
    Start,

    /// <summary>An added token, such as a role mark.</summary>
    BehindToken,

    /// <summary>Text that this one goes on with.</summary>
    BehindText,
}
