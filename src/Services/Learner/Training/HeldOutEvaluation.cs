using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.PolicyOptimization;

namespace Rlhf.Learner.Training;

/// <summary>How a reward model predicts pairs that it was not trained on.</summary>
/// <param name="All">On all pairs; null where none is decided.</param>
/// <param name="Clear">Without near-ties; null where all are.</param>
/// <param name="BySource">On the pairs of each source that has a name and a decided pair.</param>
/// <param name="ByOwnHead">The same by the head of the pair's source alone, where each source has one; else empty.</param>
/// <param name="MeanSpread">Mean over the responses of the members' standard deviation, on the scale of the scores; 0 with one member.</param>
internal sealed record HeldOutEvaluation(
    PreferenceAccuracy? All,
    PreferenceAccuracy? Clear,
    IReadOnlyDictionary<string, PreferenceAccuracy> BySource,
    IReadOnlyDictionary<string, PreferenceAccuracy> ByOwnHead,
    double MeanSpread)
{
    /// <summary>Scores the pairs.</summary>
    /// <param name="model">The model; where its scale has heads, they are named after the pairs' sources.</param>
    /// <param name="scale">Of its scores.</param>
    /// <param name="pairs">Pairs that were kept out of training.</param>
    /// <param name="clearMargin">A preference farther than this from one half is clear.</param>
    public static HeldOutEvaluation Measure(RewardModel model, RewardScale scale, IReadOnlyList<EncodedPair> pairs, double clearMargin)
    {
        var (bySource, byOwnHead) = (new SortedDictionary<string, PreferenceAccuracy>(StringComparer.Ordinal), new SortedDictionary<string, PreferenceAccuracy>(StringComparer.Ordinal));
        if (pairs.Count == 0)
        {
            return new HeldOutEvaluation(null, null, bySource, byOwnHead, 0);
        }

        var scoresA = model.ScoreByMember([.. pairs.Select(pair => pair.A.TokenIds)]);
        var scoresB = model.ScoreByMember([.. pairs.Select(pair => pair.B.TokenIds)]);
        double[] LogOdds(Func<float[], double> score, ScoreScale of) => [.. scoresA.Zip(scoresB, (a, b) => (score(a) - score(b)) * of.LogOddsPerScore)];
        var logOdds = LogOdds(outputs => scale.Together(outputs).Average(), scale.Score);
        foreach (var source in pairs.Index().Where(pair => pair.Item.Source.Length > 0).GroupBy(pair => pair.Item.Source, pair => pair.Index))
        {
            int[] some = [.. source];
            if (Accuracy(pairs, logOdds, some, tieMargin: 0) is not { } accuracy)
            {
                continue;
            }

            bySource[source.Key] = accuracy;
            var head = scale.Heads.Count > 0 ? model.Head.Labels.Index().Single(label => label.Item == source.Key).Index : -1;
            if (head >= 0 && Accuracy(pairs, LogOdds(outputs => outputs[head], scale.Heads[head]), some, tieMargin: 0) is { } own)
            {
                byOwnHead[source.Key] = own;
            }
        }

        int[] all = [.. Enumerable.Range(0, pairs.Count)];
        return new HeldOutEvaluation(
            Accuracy(pairs, logOdds, all, tieMargin: 0), Accuracy(pairs, logOdds, all, clearMargin), bySource, byOwnHead, scoresA.Concat(scoresB).Average(outputs => Spread(scale.Together(outputs))));
    }

    private static PreferenceAccuracy? Accuracy(IReadOnlyList<EncodedPair> pairs, double[] logOdds, int[] some, double tieMargin) =>
        some.All(i => Math.Abs(pairs[i].PreferenceA - 0.5) <= tieMargin)
            ? null
            : PreferenceAccuracy.Measure([.. some.Select(i => logOdds[i])], [.. some.Select(i => pairs[i].PreferenceA)], tieMargin);

    private static double Spread(double[] members)
    {
        var mean = members.Average();
        return Math.Sqrt(members.Average(score => (score - mean) * (score - mean)));
    }
}
