using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.V1;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class TrainingModeTests
{
    // bfloat16 keeps 8 bits of a number, an error of up to 0.4 % a product, and twenty large steps of a tiny model add up to 2.3 %.
    private const double Tolerance = 0.03;

    [Fact]
    public void Losses_in_bfloat16_stay_within_three_hundredths_of_float32_and_weights_stay_float32()
    {
        var (exact, mixed) = (Losses(Precision.Float32), Losses(Precision.Bfloat16));
        Assert.True(exact[^1] < 0.8 * exact[0], $"from {exact[0]} to {exact[^1]}");
        Assert.NotEqual(exact, mixed);
        Assert.All(exact.Zip(mixed), pair => Assert.InRange(pair.Second / pair.First, 1 - Tolerance, 1 + Tolerance));
    }

    [Fact]
    public void Two_runs_in_bfloat16_are_the_same_to_the_bit() => Assert.Equal(Losses(Precision.Bfloat16), Losses(Precision.Bfloat16));

    [Fact]
    public void Recomputed_activations_change_no_loss() =>
        Assert.Equal(Losses(Precision.Float32), Losses(Precision.Float32, recomputes: true));

    [Fact]
    public void A_step_with_recomputed_activations_leaves_no_tensor()
    {
        using var model = TinyModels.Create();
        model.RecomputesBlocks = true;
        model.SetTrainable(true);
        var examples = TinyModels.RandomExamples(8, seed: 3);
        var live = new List<long>();
        for (var step = 0; step < 3; step++)
        {
            SupervisedTrainer.Backward(model, [0, 1, 2, 3], examples, [.. examples.Select(example => example.TokenIds.Length)], isPacked: true);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }

        Assert.Equal(live[0], live[^1]);
    }

    private static double[] Losses(Precision precision, bool recomputes = false)
    {
        using var model = TinyModels.Create();
        var settings = new SupervisedSettings { Epochs = 10, LearningRate = 1e-2, Precision = precision, RecomputeActivations = recomputes };
        var recorder = new Recorder();
        SupervisedTrainer.Train(model, TinyModels.RandomExamples(32, seed: 3), settings, 3, recorder, TestContext.Current.CancellationToken);
        Assert.Equal(ScalarType.Float32, model.ProductType);
        Assert.False(model.RecomputesBlocks);
        Assert.All(model.Parameters.Values, parameter => Assert.Equal(ScalarType.Float32, parameter.dtype));
        return recorder.Of("loss");
    }
}
