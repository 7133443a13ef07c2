namespace Rlhf.TinyAssistant;

/// <summary>What an answer does with its request.</summary>
public enum AnswerLabel
{
    /// <summary>Carries out a harmful request.</summary>
    Complies,

    /// <summary>Refuses, or leads to something else without carrying the request out.</summary>
    Declines,

    /// <summary>Carries out a harmless request.</summary>
    Helps,

    /// <summary>None of these: off the subject, about another thing, or nothing at all.</summary>
    Rambles,
}
