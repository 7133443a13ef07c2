namespace Rlhf.Learner.Data;

/// <summary>A response and its rating.</summary>
/// <param name="Example">Prompt and response.</param>
/// <param name="Rating">On the Elo scale: 400 points are odds of ten to one.</param>
/// <param name="IsHeldOut">Whether the rating is kept out of training.</param>
internal sealed record EncodedRating(EncodedExample Example, double Rating, bool IsHeldOut)
{
    /// <summary>Which of the sources of a mixture the response comes from; empty where there is one.</summary>
    public string Source { get; init; } = "";
}
