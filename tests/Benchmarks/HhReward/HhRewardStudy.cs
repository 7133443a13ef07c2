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
    private static readonly RewardLoss[] s_losses = [RewardLoss.Pairwise, RewardLoss.RatingRegression, RewardLoss.AbsoluteRatingRegression];

    // A rating for the chosen and one for the rejected response: training standardises them to 1 and -1.
    private const double ChosenRating = 1200;
    private const double RejectedRating = 800;

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    /// <summary>Trains on all training pairs and scores the validation pairs, once.</summary>
    public void Validate() => Run(
        HhPair.Read(data, "dev-train", Say), HhPair.Read(data, "dev-val", Say), Path.Combine(output, "trunk"), "validation");

    /// <summary>Trains on four fifths of the training pairs and scores the rest, in turn; the validation pairs aren't read.</summary>
    public void CrossValidate()
    {
        var pairs = HhPair.Read(data, "dev-train", Say);
        foreach (var fold in Enumerable.Range(0, 5))
        {
            Run([.. pairs.Where(pair => pair.Fold != fold)], [.. pairs.Where(pair => pair.Fold == fold)], Path.Combine(output, $"trunk-{fold}"), $"fold {fold}");
        }
    }

    private void Run(IReadOnlyList<HhPair> training, IReadOnlyList<HhPair> heldOut, string folder, string name)
    {
        set_num_threads(threads);
        var trunk = new HhTrunk(training, folder, Seeds.ForRandom(seed), threads, Say);
        Say($"{name}: {training.Count} pairs to train on, {heldOut.Count} held out");
        Console.WriteLine("| trained on | loss | harmless | helpful | calibration error | mean margin |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var loss in s_losses)
        {
            Report("one model for both", loss, [Train(trunk, training, heldOut, loss)]);
        }

        foreach (var loss in s_losses)
        {
            Report("a model for each", loss, [.. HhPair.Sources.Select(source =>
                Train(trunk, Of(training, source), Of(heldOut, source), loss))]);
        }

        var words = HhPair.Sources.Select(source => WordAccuracy(Of(training, source), Of(heldOut, source)));
        Console.WriteLine($"| a model for each | words and length | {string.Join(" | ", words.Select(Text))} | | |");
        Say("done");
    }

    private HeldOutEvaluation Train(HhTrunk trunk, IReadOnlyList<HhPair> training, IReadOnlyList<HhPair> heldOut, RewardLoss loss)
    {
        var pairs = training.Index().Select(pair => Encode(trunk, pair.Item, pair.Index, isHeldOut: false))
            .Concat(heldOut.Index().Select(pair => Encode(trunk, pair.Item, pair.Index, isHeldOut: true))).ToList();
        var ratings = pairs.SelectMany(pair => new[] { Rate(pair.A, pair, pair.PreferenceA), Rate(pair.B, pair, 1 - pair.PreferenceA) }).ToList();
        var settings = (training.All(pair => pair.Source == "harmless") ? s_harmlessSettings : s_settings) with { Loss = loss };
        var trainer = new RewardModelTrainer(trunk.Load, pairs, ratings, settings, seed, (_, _) => { });
        using var trained = loss == RewardLoss.Pairwise ? trainer.Compare(CancellationToken.None) : trainer.Regress(CancellationToken.None);
        Say($"{loss} on {string.Join(" and ", training.Select(pair => pair.Source).Distinct())}: trained");
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

    private static void Report(string models, RewardLoss loss, IReadOnlyList<HeldOutEvaluation> evaluations)
    {
        var accuracies = HhPair.Sources.Select(source => evaluations.SelectMany(evaluation => evaluation.BySource).Single(of => of.Key == source).Value).ToList();
        string Both(Func<PreferenceAccuracy, double> figure) =>
            string.Join(" / ", accuracies.Select(accuracy => figure(accuracy).ToString("0.000", CultureInfo.InvariantCulture)));
        Console.WriteLine($"| {models} | {NameOf(loss)} | {string.Join(" | ", accuracies.Select(Text))} | {Both(accuracy => accuracy.ExpectedCalibrationError)} | {Both(accuracy => accuracy.Margins.Mean)} |");
    }

    private static PreferenceAccuracy WordAccuracy(IReadOnlyList<HhPair> training, IReadOnlyList<HhPair> heldOut)
    {
        var baseline = new WordBaseline(training);
        return PreferenceAccuracy.Measure(
            [.. heldOut.Select(pair => baseline.Difference(pair.Chosen, pair.Rejected))], [.. heldOut.Select(_ => 1.0)]);
    }

    private static List<HhPair> Of(IReadOnlyList<HhPair> pairs, string source) => [.. pairs.Where(pair => pair.Source == source)];

    private static string Text(PreferenceAccuracy accuracy) => string.Create(
        CultureInfo.InvariantCulture,
        $"{100 * accuracy.Accuracy:0.0} % ({100 * accuracy.Interval.Low:0.0}–{100 * accuracy.Interval.High:0.0}) of {accuracy.DecidedPairs}");

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
}
