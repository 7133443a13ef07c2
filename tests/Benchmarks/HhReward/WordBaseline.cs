using System.Text.RegularExpressions;

namespace Rlhf.Benchmarks.HhReward;

/// <summary>
/// The mark to aim at: logistic regression on the words in which two responses differ, and on the logarithm of their lengths.
/// </summary>
internal sealed partial class WordBaseline
{
    private const string Length = "(length)";
    private const int Rounds = 60;
    private const double StepSize = 0.05;
    private const double Penalty = 60; // of the squared weights; the best of 5, 20 and 60 in cross-validation
    private const int FewestPairs = 5;

    private readonly Dictionary<string, double> _weights = new(StringComparer.Ordinal);

    /// <summary>Trains by AdaGrad on the whole data.</summary>
    public WordBaseline(IReadOnlyList<HhPair> pairs)
    {
        var features = pairs.Select(pair => Features(pair.Chosen, pair.Rejected)).ToArray();
        foreach (var (word, _) in features.SelectMany(words => words.Keys).CountBy(word => word).Where(count => count.Value >= FewestPairs))
        {
            _weights[word] = 0;
        }

        var squares = _weights.Keys.ToDictionary(word => word, _ => 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            var gradient = _weights.ToDictionary(weight => weight.Key, weight => Penalty * weight.Value);
            foreach (var words in features)
            {
                var miss = (1 / (1 + Math.Exp(-Sum(words)))) - 1;
                foreach (var (word, value) in words.Where(entry => gradient.ContainsKey(entry.Key)))
                {
                    gradient[word] += miss * value;
                }
            }

            foreach (var (word, slope) in gradient)
            {
                squares[word] += slope * slope;
                _weights[word] -= StepSize * slope / (Math.Sqrt(squares[word]) + 1e-8);
            }
        }
    }

    /// <summary>Log odds that the first response is better.</summary>
    public double Difference(string first, string second) => Sum(Features(first, second));

    private double Sum(Dictionary<string, double> words) => words.Sum(entry => _weights.GetValueOrDefault(entry.Key) * entry.Value);

    private static Dictionary<string, double> Features(string first, string second)
    {
        var features = new Dictionary<string, double>(StringComparer.Ordinal);
        var (a, b) = (WordsOf(first), WordsOf(second));
        foreach (var word in a.Except(b))
        {
            features[word] = 1;
        }

        foreach (var word in b.Except(a))
        {
            features[word] = -1;
        }

        features[Length] = 2 * (Math.Log(first.Length + 1) - Math.Log(second.Length + 1));
        return features;
    }

    private static HashSet<string> WordsOf(string text) => [.. Word().Matches(text.ToLowerInvariant()).Select(match => match.Value)];

    [GeneratedRegex("[a-z0-9']+|[?!.,]")]
    private static partial Regex Word();
}
