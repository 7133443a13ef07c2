namespace Rlhf.PolicyOptimization;

/// <summary>A KL penalty whose weight never changes.</summary>
/// <param name="Beta">Weight of the KL penalty.</param>
public sealed record FixedKlController(double Beta) : IKlController
{
    /// <inheritdoc/>
    public IKlController Update(double klPerSequence, int sequences) => this;
}
