using System.Text.RegularExpressions;

namespace Rlhf.Learner.CommandLine.Rewards;

/// <summary>
/// The share of a response's sentences that are short. A sentence ends with a full stop, an exclamation mark or a question mark. What
/// stands behind the last one is a sentence too, but not a short one; so is one without words. No sentence at all is a share of 0.
/// </summary>
internal sealed partial class ShortSentences(int maxWords) : IReward
{
    /// <summary>The rule's name in config files.</summary>
    public const string Name = "share-of-short-sentences";

    /// <inheritdoc/>
    public double[] Score(IReadOnlyList<SampledResponse> responses, CancellationToken cancellationToken) =>
        [.. responses.Select(response => ShareOf(response.Response))];

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private double ShareOf(string text)
    {
        var sentences = Sentence().Matches(text);
        var end = sentences.Count == 0 ? 0 : sentences[^1].Index + sentences[^1].Length;
        var all = sentences.Count + (Word().IsMatch(text[end..]) ? 1 : 0);
        return all == 0 ? 0 : sentences.Count(IsShort) / (double)all;
    }

    private bool IsShort(Match sentence)
    {
        var words = Word().Count(sentence.Value);
        return words > 0 && words <= maxWords;
    }

    [GeneratedRegex("[^.!?]*[.!?]+")]
    private static partial Regex Sentence();

    [GeneratedRegex(@"[\p{L}\p{N}]\S*")]
    private static partial Regex Word();
}
