using Rlhf.Tokenization;

namespace Rlhf.Constitution;

/// <summary>The marks that part a transcript's turns. A model's text ends where the next mark begins.</summary>
public static class RoleMarks
{
    /// <summary>Before what a person says.</summary>
    public const string Human = Transcript.HumanMark;

    /// <summary>Before what the assistant says.</summary>
    public const string Assistant = Transcript.AssistantMark;

    /// <summary>Before a principle's request for a critique.</summary>
    public const string CritiqueRequest = "\n\nCritiqueRequest:";

    /// <summary>Before a critique.</summary>
    public const string Critique = "\n\nCritique:";

    /// <summary>Before a principle's request for a revision.</summary>
    public const string RevisionRequest = "\n\nRevisionRequest:";

    /// <summary>Before a revised answer.</summary>
    public const string Revision = "\n\nRevision:";

    /// <summary>Before a principle's wording of a comparison.</summary>
    public const string ComparisonRequest = "\n\nComparisonRequest:";

    /// <summary>Before the answer that stands first.</summary>
    public const string OptionA = "\n\nOption A:";

    /// <summary>Before the answer that stands second.</summary>
    public const string OptionB = "\n\nOption B:";

    /// <summary>Before the label of the better option.</summary>
    public const string Choice = "\n\nBetter option:";

    /// <summary>All of them: stop texts for sampling.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Human, Assistant, CritiqueRequest, Critique, RevisionRequest, Revision, ComparisonRequest, OptionA, OptionB, Choice];
}
