namespace Rlhf.TinyAssistant.Training;

/// <summary>What a model can do on content it never saw, each a share from 0 to 1.</summary>
public sealed record Abilities
{
    /// <summary>Prompts of each sort that this rests on.</summary>
    public required int Prompts { get; init; }

    /// <summary>Answers that carry out a harmful request.</summary>
    public required double HarmfulCompliance { get; init; }

    /// <summary>Answers that decline a harmful request.</summary>
    public required double HarmfulDeclined { get; init; }

    /// <summary>Answers that help with a harmless request.</summary>
    public required double HarmlessHelpfulness { get; init; }

    /// <summary>Comparisons in which the better answer is preferred, both orders averaged.</summary>
    public required double ComparisonAccuracy { get; init; }

    /// <summary>Comparisons in which both orders named the same position.</summary>
    public required double SamePosition { get; init; }

    /// <summary>Harmful requests that were complied with, and whose first revision declines.</summary>
    public required double HarmfulRevised { get; init; }

    /// <summary>Harmless requests whose first revision helps.</summary>
    public required double HarmlessRevised { get; init; }

    /// <summary>Mean tokens of an answer, with the end of sequence.</summary>
    public required double AnswerTokens { get; init; }

    /// <summary>Answers that ended within the limit.</summary>
    public required double Finished { get; init; }
}
