using System.Diagnostics;
using System.Globalization;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks.HhReward;

/// <summary>
/// Reward models on HH-RLHF's pairs from a small model that is made here: pairwise and regression losses side by side, with intervals.
/// </summary>
internal sealed class HhRewardStudy(string data, ulong seed, int threads, string output)
{
    // Chosen on parts of the training pairs: more epochs help the harmless pairs and harm the helpful ones.
    private static readonly RewardModelSettings s_settings = new() { Epochs = 2, LearningRate = 4e-4 };
    private static readonly RewardModelSettings s_harmlessSettings = s_settings with { Epochs = 4 };
    private static readonly RewardModelSettings s_pooledSettings = s_settings with { LearningRate = 8e-4, PooledTokens = 64, HeadPerSource = true };
    private static readonly RewardLoss[] s_losses = [RewardLoss.Pairwise, RewardLoss.RatingRegression, RewardLoss.AbsoluteRatingRegression];

    // A rating for the chosen and one for the rejected response: training standardises them to 1 and -1.
    private const double ChosenRating = 1200;
    private const double RejectedRating = 800;

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Trains on all training pairs and scores the validation pairs, once.</summary>
    public void Validate()
    {
        var (training, heldOut) = (HhPair.Read(data, "dev-train", Say), HhPair.Read(data, "dev-val", Say));
        Print(training, [new Part(training, heldOut)], s_losses);
    }

    /// <summary>
    /// Trains on four fifths of the training pairs and scores the rest, in turn, with the pairwise loss; the validation pairs aren't read.
    /// The language model below is made once: it has seen the texts of all training pairs, and no preference.
    /// </summary>
    public void CrossValidate()
    {
        var pairs = HhPair.Read(data, "dev-train", Say);
        var parts = Enumerable.Range(0, HhPair.Folds)
            .Select(fold => new Part([.. pairs.Where(pair => pair.Fold != fold)], [.. pairs.Where(pair => pair.Fold == fold)]));
        Print(pairs, [.. parts], [RewardLoss.Pairwise]);
    }

    private void Print(IReadOnlyList<HhPair> texts, IReadOnlyList<Part> parts, IReadOnlyList<RewardLoss> losses)
    {
        set_num_threads(threads);
        var trunk = new HhTrunk(texts, Path.Combine(output, "trunk"), Seeds.ForRandom(seed), threads, Say);
        Console.WriteLine("| trained on | loss | harmless | helpful | calibration error | mean margin |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var loss in losses)
        {
            var evaluations = parts.Select(part => Train(trunk, part, s_pooledSettings with { Loss = loss }));
            Report($"one model, a head for each on the mean of {s_pooledSettings.PooledTokens} tokens", NameOf(loss), evaluations.SelectMany(evaluation => evaluation.ByOwnHead));
        }

        foreach (var loss in losses)
        {
            var evaluations = parts.Select(part => Train(trunk, part, s_settings with { Loss = loss, HeadPerSource = true })).ToList();
            Report("one model, a head for each", NameOf(loss), evaluations.SelectMany(evaluation => evaluation.ByOwnHead));
            Report("the same, the mean of its standardised heads", NameOf(loss), evaluations.SelectMany(evaluation => evaluation.BySource));
        }

        foreach (var loss in losses)
        {
            var evaluations = parts.Select(part => Train(trunk, part, s_settings with { Loss = loss }));
            Report("one model, one head", NameOf(loss), evaluations.SelectMany(evaluation => evaluation.BySource));
        }

        foreach (var loss in losses)
        {
            var evaluations = parts.SelectMany(part => HhPair.Sources.Select(source =>
                Train(trunk, part.Of(source), (source == "harmless" ? s_harmlessSettings : s_settings) with { Loss = loss })));
            Report("a model for each", NameOf(loss), evaluations.SelectMany(evaluation => evaluation.BySource));
        }

        ReportWords("one model for both", parts.SelectMany(part => WordAccuracies(part.Training, part.HeldOut)));
        ReportWords("a model for each", parts.SelectMany(part => HhPair.Sources.Select(part.Of)).SelectMany(part => WordAccuracies(part.Training, part.HeldOut)));
        Say("done");
    }

    private HeldOutEvaluation Train(HhTrunk trunk, Part part, RewardModelSettings settings)
    {
        var pairs = part.Training.Index().Select(pair => Encode(trunk, pair.Item, pair.Index, isHeldOut: false))
            .Concat(part.HeldOut.Index().Select(pair => Encode(trunk, pair.Item, pair.Index, isHeldOut: true))).ToList();
        var ratings = pairs.SelectMany(pair => new[] { Rate(pair.A, pair, pair.PreferenceA), Rate(pair.B, pair, 1 - pair.PreferenceA) }).ToList();
        var trainer = new RewardModelTrainer(trunk.Load, pairs, ratings, settings, seed, (_, _) => { });
        using var trained = settings.Loss == RewardLoss.Pairwise ? trainer.Compare(CancellationToken.None) : trainer.Regress(CancellationToken.None);
        Say($"{NameOf(settings.Loss)}, {trained.Model.Head.Members} heads: {part.Training.Count} pairs trained on, {part.HeldOut.Count} measured");
        return trained.HeldOut;
    }

    // Which response is A alternates, so that the position says nothing.
    private static EncodedPair Encode(HhTrunk trunk, HhPair pair, int index, bool isHeldOut)
    {
        var (chosen, rejected) = (trunk.Encode(pair.Prompt, pair.Chosen), trunk.Encode(pair.Prompt, pair.Rejected));
        return index % 2 == 0
            ? new EncodedPair(chosen, rejected, 1, isHeldOut) { Source = pair.Source }
            : new EncodedPair(rejected, chosen, 0, isHeldOut) { Source = pair.Source };
    }

    private static EncodedRating Rate(EncodedExample response, EncodedPair pair, double preference) =>
        new(response, preference > 0.5 ? ChosenRating : RejectedRating, pair.IsHeldOut) { Source = pair.Source };

    // Of several held-out parts, all pairs together; calibration error and margin are the parts' means, weighted by their pairs.
    private static void Report(string models, string loss, IEnumerable<KeyValuePair<string, PreferenceAccuracy>> accuracies)
    {
        var bySource = accuracies.ToLookup(accuracy => accuracy.Key, accuracy => accuracy.Value);
        string Mean(Func<PreferenceAccuracy, double> figure) => EachSource(bySource, " / ", parts =>
            (parts.Sum(part => figure(part) * part.DecidedPairs) / parts.Sum(part => part.DecidedPairs)).ToString("0.000", CultureInfo.InvariantCulture));
        Console.WriteLine($"| {models} | {loss} | {EachSource(bySource, " | ", Share)} | {Mean(accuracy => accuracy.ExpectedCalibrationError)} | {Mean(accuracy => accuracy.Margins.Mean)} |");
    }

    // The chosen response comes first in all of their pairs, so that nothing can be said of their calibration.
    private static void ReportWords(string models, IEnumerable<KeyValuePair<string, PreferenceAccuracy>> accuracies) =>
        Console.WriteLine($"| {models} | words and length | {EachSource(accuracies.ToLookup(accuracy => accuracy.Key, accuracy => accuracy.Value), " | ", Share)} | | |");

    private static string EachSource(
        ILookup<string, PreferenceAccuracy> accuracies, string separator, Func<List<PreferenceAccuracy>, string> text) =>
        string.Join(separator, HhPair.Sources.Select(source => text([.. accuracies[source]])));

    private static string Share(List<PreferenceAccuracy> parts)
    {
        var (right, pairs) = (parts.Sum(part => part.Accuracy * part.DecidedPairs), parts.Sum(part => part.DecidedPairs));
        var interval = ShareInterval.Wilson(right, pairs);
        return string.Create(CultureInfo.InvariantCulture, $"{100 * right / pairs:0.0} % ({100 * interval.Low:0.0}–{100 * interval.High:0.0}) of {pairs}");
    }

    private static IEnumerable<KeyValuePair<string, PreferenceAccuracy>> WordAccuracies(IReadOnlyList<HhPair> training, IReadOnlyList<HhPair> heldOut)
    {
        var baseline = new WordBaseline(training);
        return heldOut.GroupBy(pair => pair.Source).Select(pairs => KeyValuePair.Create(pairs.Key, PreferenceAccuracy.Measure(
            [.. pairs.Select(pair => baseline.Difference(pair.Chosen, pair.Rejected))], [.. pairs.Select(_ => 1.0)])));
    }

    private static string NameOf(RewardLoss loss) => loss switch
    {
        RewardLoss.Pairwise => "pairwise",
        RewardLoss.RatingRegression => "regression, squared",
        RewardLoss.AbsoluteRatingRegression => "regression, absolute",
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, "This loss has no name here."),
    };

    private void Say(string line)
    {
        using var process = Process.GetCurrentProcess();
        Console.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds,6:0} s, {process.TotalProcessorTime.TotalSeconds,6:0} s of processor: {line}"));
    }

    // Pairs to train on, and others to measure on.
    private sealed record Part(IReadOnlyList<HhPair> Training, IReadOnlyList<HhPair> HeldOut)
    {
        public Part Of(string source) => new([.. Training.Where(pair => pair.Source == source)], [.. HeldOut.Where(pair => pair.Source == source)]);
    }
}
