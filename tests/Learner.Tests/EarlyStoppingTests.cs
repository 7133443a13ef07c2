using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.V1;

namespace Rlhf.Learner.Tests;

/// <summary>Random responses can only be learnt by heart: the loss on others rises while the training loss falls.</summary>
public sealed class EarlyStoppingTests : IDisposable
{
    private const int UpdatesPerEpoch = 3; // 24 of 32 examples, 8 an update
    private static readonly SupervisedSettings s_settings = new()
    {
        Epochs = 30,
        BatchSize = 8,
        LearningRate = 1e-2,
        ValidationShare = 0.25,
        Patience = 2,
    };

    private readonly List<EncodedExample> _examples = TinyModels.RandomExamples(32, seed: 3);
    private readonly string _root = Directory.CreateTempSubdirectory("early-stopping-tests-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.Bfloat16)]
    public void Training_ends_when_the_validation_loss_has_not_fallen_and_keeps_the_best_epochs_weights(Precision precision)
    {
        using var model = TinyModels.Create();
        var recorder = new Recorder();
        var results = SupervisedTrainer.Train(model, _examples, s_settings with { Precision = precision }, 3, recorder, CancellationToken.None);
        var validation = recorder.Steps.Where(step => step.Values.ContainsKey("validation_loss")).Select(step => step.Values["validation_loss"]).ToArray();
        var best = Array.IndexOf(validation, validation.Min()) + 1;
        Assert.Equal(best, results["best_epoch"]);
        Assert.Equal(best + s_settings.Patience, validation.Length);
        Assert.True(validation.Length < s_settings.Epochs, $"{validation.Length} epochs");
        Assert.Equal(validation.Length, results["epochs"]);
        Assert.Equal(validation.Length * UpdatesPerEpoch, recorder.Steps.Count);
        Assert.Equal(8, results["examples_held_out"]);
        Assert.Equal(validation.Min(), results["validation_loss"]);

        // What is left in the model are the best epoch's weights; they were measured in float32 whatever they were trained in.
        var (training, heldOut) = SupervisedTrainer.Split(_examples, s_settings.ValidationShare, 3);
        Assert.Equal(validation.Min(), HeldOutLoss.Measure(model, heldOut));
        Assert.Empty(training.Intersect(heldOut));
        Assert.Equal(32, training.Count + heldOut.Count);
    }

    [Theory]
    [InlineData(2)] // before the first epoch's end
    [InlineData(UpdatesPerEpoch)]
    [InlineData(UpdatesPerEpoch + 1)]
    public void A_fit_that_was_cut_off_stops_where_the_undisturbed_one_does_with_the_same_weights(int cutAfter)
    {
        using var undisturbed = TinyModels.Create();
        var recorder = new Recorder();
        var results = Train(undisturbed, recorder, null, CancellationToken.None);
        using (var cut = TinyModels.Create())
        using (var cancellation = new CancellationTokenSource())
        {
            var progress = new Progress(step =>
            {
                if (step.Step == cutAfter)
                {
                    cancellation.Cancel();
                }
            });
            Assert.Throws<OperationCanceledException>(() => Train(cut, progress, KeptFor.Job(_root).Fit("supervised"), cancellation.Token));
        }

        using var resumed = TinyModels.Create();
        var repeated = new Recorder();
        Assert.Equal(results, Train(resumed, repeated, KeptFor.Job(_root).Fit("supervised"), CancellationToken.None));
        Assert.Equal(WeightsOf(undisturbed), WeightsOf(resumed));
        Assert.Equal(recorder.Steps.Select(step => step.Values), repeated.Steps.Select(step => step.Values)); // validation losses too

        // Done: a third start trains nothing and ends at the same.
        using var again = TinyModels.Create();
        Assert.Equal(results, Train(again, new Recorder(), KeptFor.Job(_root).Fit("supervised"), CancellationToken.None));
        Assert.Equal(WeightsOf(undisturbed), WeightsOf(again));
    }

    [Fact]
    public void A_share_that_leaves_nothing_on_one_side_is_refused()
    {
        using var model = TinyModels.Create();
        var error = Assert.Throws<ArgumentException>(() => SupervisedTrainer.Train(
            model, [.. _examples.Take(1)], s_settings, 3, new Recorder(), CancellationToken.None));
        Assert.StartsWith("A validation share of 0.25 of 1 examples leaves 1 to train on and 0 to validate with; both need one.", error.Message);
    }

    private IReadOnlyDictionary<string, double> Train(
        CausalLanguageModel model, IProgress<TrainingStep> progress, FitCheckpoints? checkpoints, CancellationToken cancellationToken) =>
        SupervisedTrainer.Train(model, _examples, s_settings, 3, progress, cancellationToken, checkpoints);

    private static float[][] WeightsOf(CausalLanguageModel model) =>
        [.. model.Parameters.Values.Select(weights => { using var plain = weights.detach(); return plain.data<float>().ToArray(); })];

    private sealed class Progress(Action<TrainingStep> report) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value) => report(value);
    }
}
