namespace Rlhf.Coordinator.Ledger;

/// <summary>A response's rating among the responses to its prompt.</summary>
internal sealed class RatingRow
{
    public required string RunId { get; init; }

    public required string ResponseId { get; init; }

    public required string PromptId { get; init; }

    public required double Elo { get; set; }

    /// <summary>Maximum-likelihood strength on Elo's scale, 1000 in the prompt's mean.</summary>
    public required double BradleyTerry { get; set; }

    public required int Comparisons { get; set; }
}
