namespace Rlhf.Clients.Reward;

/// <summary>What a reward model says of one answer.</summary>
/// <param name="Raw">The model's output, on the scale of standardised ratings; of an ensemble, the members' mean; of sources' heads, the mean of their normalised scores.</param>
/// <param name="Normalised">Mean 0 and variance 1 over the baseline's responses: what a trainer wants.</param>
/// <param name="Rating">Elo-like, around 1000.</param>
/// <param name="Spread">The members' standard deviation, on the scale of <paramref name="Raw"/>; 0 with one member.</param>
/// <param name="Members">Each member's raw score, where they were asked for.</param>
/// <param name="TokenCount">How many tokens were scored.</param>
/// <param name="IsTruncated">Whether the item's front was cut off.</param>
/// <param name="IsFromCache">Whether it had been computed before.</param>
/// <param name="ModelVersion">The immutable version that scored.</param>
public sealed record Score(
    double Raw, double Normalised, double Rating, double Spread, IReadOnlyList<double> Members, int TokenCount, bool IsTruncated, bool IsFromCache, string ModelVersion);
