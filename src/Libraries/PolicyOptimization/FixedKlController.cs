namespace Rlhf.PolicyOptimization;

/// <summary>A KL penalty whose weight does not change by itself.</summary>
/// <param name="Beta">Weight of the KL penalty.</param>
public sealed record FixedKlController(double Beta) : IKlController
{
    /// <inheritdoc/>
    public IKlController Update(double klPerSequence, int sequences) => this;

    /// <inheritdoc/>
    public IKlController WithBeta(double beta) => new FixedKlController(beta);
}
