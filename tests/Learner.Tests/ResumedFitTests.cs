using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.V1;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class ResumedFitTests : IDisposable
{
    private static readonly SupervisedSettings s_settings = new() { Epochs = 3, BatchSize = 8 };
    private readonly string _root = Directory.CreateTempSubdirectory("fit-tests-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(12)] // after the last update: nothing is left to do
    public void Fine_tuning_that_was_cut_off_gives_the_same_weights_and_results_to_the_bit(int cutAfter)
    {
        var (undisturbed, weights, results) = FineTune(null);
        Assert.Equal(12, undisturbed.Steps.Count);
        var (_, _, none) = FineTune(KeptFor.Job(_root), cutAfter);
        Assert.Empty(none);
        var (resumed, resumedWeights, resumedResults) = FineTune(KeptFor.Job(_root));
        Assert.Equal(weights, resumedWeights);
        Assert.Equal(results, resumedResults);
        Assert.Equal(undisturbed.Of("loss"), resumed.Of("loss"));
        Assert.Equal(Enumerable.Range(1, 12), resumed.Steps.Select(step => (int)step.Step));
    }

    [Fact]
    public void A_damaged_checkpoint_costs_one_update_and_changes_nothing()
    {
        var (_, weights, _) = FineTune(null);
        FineTune(KeptFor.Job(_root), 6);
        var path = Path.Combine(_root, "job", "fits", "supervised", "6", "weights.safetensors");
        var content = File.ReadAllBytes(path);
        content[^5] ^= 0x40;
        File.WriteAllBytes(path, content);
        var (_, resumedWeights, _) = FineTune(KeptFor.Job(_root));
        Assert.Equal(weights, resumedWeights);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_does_not_stop_the_training()
    {
        var (_, weights, _) = FineTune(null);
        File.WriteAllText(Path.Combine(_root, "job"), "a file in the way of the folder");
        var (_, trained, _) = FineTune(KeptFor.Job(_root));
        Assert.Equal(weights, trained);
    }

    [Fact]
    public void Checkpoints_are_as_far_apart_as_asked()
    {
        using var parameter = new Parameter(zeros(1));
        using var optimizer = new AdamWOptimizer(new ParameterGroup([parameter], 1e-3, weightDecay: 0));
        List<long> Numbers(CheckpointOptions options)
        {
            var folder = Path.Combine(_root, Guid.NewGuid().ToString("N"));
            var store = new CheckpointStore(folder, new CheckpointPolicy(100, 0, long.MaxValue), "", Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
            var fit = new FitCheckpoints(store, options);
            for (var update = 1; update <= 10; update++)
            {
                fit.Offer([parameter], optimizer, [.. Enumerable.Range(0, update).Select(_ => Fitting.Figures(0))], 10, stopping: null);
            }

            return [.. store.Numbers.Reverse()];
        }

        Assert.Equal([10], Numbers(new CheckpointOptions()));
        Assert.Equal([4, 8, 10], Numbers(new CheckpointOptions { UpdatesBetween = 4 }));
        // As often as possible by time alone; but writing must not take more than a tenth of the time.
        Assert.InRange(Numbers(new CheckpointOptions { SecondsBetween = 0 }).Count, 2, 9);
    }

    [Fact]
    public void A_reward_model_cut_off_in_its_second_fit_goes_on_there_and_gives_the_same_scores()
    {
        var undisturbed = TrainReward(null, long.MaxValue);
        var cut = TrainReward(KeptFor.Job(_root), undisturbed.Ratings.Count + 2);
        Assert.Equal(undisturbed.Ratings.Count, cut.Ratings.Count);
        Assert.Equal(2, cut.Pairs.Count);
        var firstFit = Directory.EnumerateFiles(Path.Combine(_root, "job", "fits", "RatingRegression"), "*", SearchOption.AllDirectories)
            .ToDictionary(path => path, File.GetLastWriteTimeUtc);
        var resumed = TrainReward(KeptFor.Job(_root), long.MaxValue);
        Assert.Equal(undisturbed.Ratings, resumed.Ratings);
        Assert.Equal(undisturbed.Pairs, resumed.Pairs);
        Assert.Equal(undisturbed.Weights, resumed.Weights);
        // The first fit was done and is not done again: nothing of it has been written since.
        Assert.NotEmpty(firstFit);
        Assert.All(firstFit, file => Assert.Equal(file.Value, File.GetLastWriteTimeUtc(file.Key)));
    }

    [Fact]
    public void Going_on_leaves_no_tensor()
    {
        FineTune(KeptFor.Job(_root), 3);
        FineTune(KeptFor.Job(_root), 4);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        FineTune(KeptFor.Job(_root), 6);
        var after = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Assert.Equal(before, after);
    }

    private static (Recorder Recorder, byte[] Weights, IReadOnlyDictionary<string, double> Results) FineTune(JobCheckpoints? checkpoints, int cutAfter = int.MaxValue)
    {
        using var scope = NewDisposeScope();
        using var model = TinyModels.Create();
        using var cancellation = new CancellationTokenSource();
        var recorder = new Recorder();
        var results = new Dictionary<string, double>();
        var cutting = new Cutting(recorder, cutAfter, cancellation);
        try
        {
            results = new(SupervisedTrainer.Train(
                model, TinyModels.RandomExamples(32, seed: 3), s_settings, 3, cutting, cancellation.Token, checkpoints?.Fit("supervised")));
            cancellation.Token.ThrowIfCancellationRequested();
        }
        catch (OperationCanceledException)
        {
            results = [];
        }

        return (recorder, Bytes(model.Parameters.Values), results);
    }

    private static (List<double> Ratings, List<double> Pairs, byte[] Weights) TrainReward(JobCheckpoints? checkpoints, long cutAfter)
    {
        using var scope = NewDisposeScope();
        using var cancellation = new CancellationTokenSource();
        var examples = TinyModels.RandomExamples(40, seed: 9);
        EncodedPair[] pairs = [.. Enumerable.Range(0, 20).Select(i => new EncodedPair(examples[2 * i], examples[(2 * i) + 1], i % 3 / 2.0, IsHeldOut: i >= 16))];
        EncodedRating[] ratings = [.. examples.Select((example, i) => new EncodedRating(example, 1000 + (10 * (i % 7)), IsHeldOut: i >= 32))];
        List<double> ratingLosses = [], pairLosses = [];
        var trainer = new RewardModelTrainer(
            () => TinyModels.Create(),
            pairs,
            ratings,
            new RewardModelSettings { BatchSize = 4 },
            5,
            (way, loss) =>
            {
                (way == RewardLoss.Pairwise ? pairLosses : ratingLosses).Add(loss);
                if (ratingLosses.Count + pairLosses.Count == cutAfter)
                {
                    cancellation.Cancel();
                }
            },
            checkpoints);
        var weights = new List<byte>();
        try
        {
            using var regression = trainer.Regress(cancellation.Token);
            using var comparison = trainer.Compare(cancellation.Token);
            weights.AddRange(Bytes([.. regression.Model.Trunk.Parameters.Values, regression.Model.Head.Weight]));
            weights.AddRange(Bytes([.. comparison.Model.Trunk.Parameters.Values, comparison.Model.Head.Weight]));
        }
        catch (OperationCanceledException)
        {
        }

        return (ratingLosses, pairLosses, [.. weights]);
    }

    private static byte[] Bytes(IEnumerable<Tensor> tensors) => [.. tensors.SelectMany(tensor => tensor.detach().contiguous().bytes.ToArray())];

    private sealed class Cutting(Recorder recorder, int after, CancellationTokenSource cancellation) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value)
        {
            recorder.Report(value);
            if (value.Step == after)
            {
                cancellation.Cancel();
            }
        }
    }
}
