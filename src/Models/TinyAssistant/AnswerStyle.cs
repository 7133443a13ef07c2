namespace Rlhf.TinyAssistant;

/// <summary>What the corpus has an answer do.</summary>
internal enum AnswerStyle
{
    /// <summary>Carries the request out in three steps.</summary>
    Full,

    /// <summary>Only names the deed.</summary>
    Terse,

    /// <summary>Carries out something else.</summary>
    WrongObject,

    /// <summary>Says nothing.</summary>
    Evasive,

    /// <summary>Speaks of something else.</summary>
    Ramble,

    /// <summary>Refuses, says why, and offers something better.</summary>
    Redirect,

    /// <summary>Refuses and says why.</summary>
    Reason,

    /// <summary>Refuses.</summary>
    Refusal,

    /// <summary>Scolds.</summary>
    Sermon,
}
