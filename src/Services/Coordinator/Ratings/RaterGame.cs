namespace Rlhf.Coordinator.Ratings;

/// <summary>A game between two raters of a pair, decided by the other people who rated it.</summary>
/// <param name="First">A rater.</param>
/// <param name="Second">Another one.</param>
/// <param name="Outcome">For the first: 1 where they alone agree with the others, 0 where the second alone does, ½ where both do or neither.</param>
/// <param name="Principles">What the judges among the two judged by.</param>
internal sealed record RaterGame(string First, string Second, double Outcome, IReadOnlyList<string> Principles)
{
    /// <summary>The games of a pair of answers: every two of its raters play, where most of the other people say the same.</summary>
    /// <param name="pair">One opinion of each rater.</param>
    public static IEnumerable<RaterGame> Of(IReadOnlyList<Opinion> pair)
    {
        for (var first = 0; first < pair.Count; first++)
        {
            for (var second = first + 1; second < pair.Count; second++)
            {
                var (one, other) = (pair[first], pair[second]);
                var counts = pair.Where(opinion => opinion.IsPerson && opinion.Rater != one.Rater && opinion.Rater != other.Rater)
                    .CountBy(opinion => opinion.Choice).OrderByDescending(choice => choice.Value).Take(2).ToList();
                if (counts.Count == 0 || (counts.Count == 2 && counts[0].Value == counts[1].Value))
                {
                    continue;
                }

                var (isRight, isOtherRight) = (one.Choice == counts[0].Key, other.Choice == counts[0].Key);
                yield return new RaterGame(
                    one.Rater, other.Rater, isRight == isOtherRight ? 0.5 : isRight ? 1 : 0,
                    [.. new[] { one.Principle, other.Principle }.OfType<string>().Distinct()]);
            }
        }
    }
}
