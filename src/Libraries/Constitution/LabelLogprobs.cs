namespace Rlhf.Constitution;

/// <summary>Natural log-probabilities of the two labels after one comparison prompt.</summary>
/// <param name="A">Of label A, which names the option that stands first.</param>
/// <param name="B">Of label B.</param>
public readonly record struct LabelLogprobs(double A, double B)
{
    /// <summary>Softmax over the two labels: how likely the judge names the option that stands first, 0 to 1.</summary>
    /// <exception cref="ArgumentException">A log-probability is not a finite number.</exception>
    public double ProbabilityOfFirst() =>
        double.IsFinite(A) && double.IsFinite(B)
            ? 1 / (1 + Math.Exp(B - A))
            : throw new ArgumentException($"label log-probabilities must be finite numbers, not {A} and {B}");
}
