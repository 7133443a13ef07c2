using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class MixedPrecisionTests
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

    private static double[] Losses(Precision precision)
    {
        using var model = TinyModels.Create();
        var settings = new SupervisedSettings { Epochs = 10, LearningRate = 1e-2, Precision = precision };
        var recorder = new Recorder();
        SupervisedTrainer.Train(model, TinyModels.RandomExamples(32, seed: 3), settings, 3, recorder, TestContext.Current.CancellationToken);
        Assert.Equal(ScalarType.Float32, model.ProductType);
        Assert.All(model.Parameters.Values, parameter => Assert.Equal(ScalarType.Float32, parameter.dtype));
        return recorder.Of("loss");
    }
}
