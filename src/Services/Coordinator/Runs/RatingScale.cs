namespace Rlhf.Coordinator.Runs;

/// <summary>Which rating a reward model's regression is trained on.</summary>
internal enum RatingScale
{
    /// <summary>Elo, updated in the order of the comparisons.</summary>
    Elo,

    /// <summary>The maximum-likelihood fit, on Elo's scale.</summary>
    BradleyTerry,
}
