namespace Rlhf.Coordinator.Ratings;

/// <summary>One comparison of two players.</summary>
/// <param name="First">Index of the first player.</param>
/// <param name="Second">Index of the second player.</param>
/// <param name="Outcome">For the first: 1 won, ½ tied, 0 lost, or the probability that it is better.</param>
internal readonly record struct Comparison(int First, int Second, double Outcome);
