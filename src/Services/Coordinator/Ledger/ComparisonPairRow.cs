namespace Rlhf.Coordinator.Ledger;

/// <summary>Two answers to one prompt that people may compare.</summary>
internal sealed class ComparisonPairRow
{
    /// <summary>Run, stage and the two answers, as a judge's request for the same pair would be named.</summary>
    public required string PairId { get; init; }

    public required string RunId { get; init; }

    public required string Stage { get; init; }

    public required string PromptId { get; init; }

    public required string ResponseAId { get; init; }

    public required string ResponseBId { get; init; }

    /// <summary>Its turn among the stage's pairs.</summary>
    public required int Position { get; init; }

    /// <summary>How many people are meant to label it.</summary>
    public required int Copies { get; init; }

    /// <summary>Leases that are open and labels that count, repeats left out.</summary>
    public int Taken { get; set; }

    /// <summary>Whether somebody more may get it, by <see cref="Taken"/> and <see cref="Copies"/> where it is not flagged.</summary>
    public PairState State { get; set; }

    /// <summary>What comes first when pairs of uncertain order are preferred: lower first; 0 for a prompt's first pair.</summary>
    public double Priority { get; set; }
}
