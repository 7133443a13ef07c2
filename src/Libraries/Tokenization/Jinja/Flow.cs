namespace Rlhf.Tokenization.Jinja;

/// <summary>How it goes on behind a statement.</summary>
internal enum Flow
{
    /// <summary>With the next one.</summary>
    Next,

    /// <summary>With the loop's next round.</summary>
    Continue,

    /// <summary>Behind the loop.</summary>
    Break,
}
