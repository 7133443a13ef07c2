using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class PreferenceLossTests
{
    [Fact]
    public void Hard_labels_equal_an_independent_loop()
    {
        using var scope = NewDisposeScope();
        double[] chosen = [1.0, 0.0, -2.0];
        double[] rejected = [0.0, 0.0, 1.0];
        double[] margins = [0.0, 0.5, 1.0];
        var expected = chosen.Select((score, i) => Math.Log(1 + Math.Exp(-(score - rejected[i] - margins[i])))).Average();
        Tensors.Near(
            tensor(expected), PreferenceLoss.PairwiseHard(tensor(chosen), tensor(rejected), tensor(margins)), 1e-12);
    }

    [Fact]
    public void Soft_labels_equal_hand_computed_numbers()
    {
        using var scope = NewDisposeScope();
        // Equal scores cost ln 2 whatever the label; difference ln 3 has sigmoid 3/4.
        var loss = PreferenceLoss.PairwiseSoft(
            tensor(new[] { 0.0, Math.Log(3) }), tensor(new[] { 0.0, 0.0 }), tensor(new[] { 0.9, 0.75 }));
        var coin = -(0.75 * Math.Log(0.75) + 0.25 * Math.Log(0.25));
        Tensors.Near(tensor((Math.Log(2) + coin) / 2), loss, 1e-12);
    }

    [Fact]
    public void Soft_labels_with_margins_equal_an_independent_loop()
    {
        using var scope = NewDisposeScope();
        double[] a = [1.0, 0.0, -2.0];
        double[] b = [0.0, 0.5, 1.0];
        double[] preferences = [1.0, 0.3, 0.6];
        double[] margins = [0.0, 0.5, 2.0];
        static double Softplus(double x) => Math.Log(1 + Math.Exp(x));
        var expected = a.Select((score, i) =>
            (preferences[i] * Softplus(-(score - b[i] - margins[i]))) + ((1 - preferences[i]) * Softplus(-(b[i] - score - margins[i])))).ToArray();
        Tensors.Near(tensor(expected), PreferenceLoss.PairwiseOfEach(tensor(a), tensor(b), tensor(preferences), tensor(margins)), 1e-12);
    }

    [Fact]
    public void A_label_of_one_half_with_a_margin_is_least_where_the_scores_are_equal()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new[] { 0.0, 1.0 }, requires_grad: true);
        PreferenceLoss.PairwiseOfEach(a, tensor(new[] { 0.0, 0.0 }), tensor(new[] { 0.5, 0.5 }), tensor(new[] { 1.0, 1.0 })).sum().backward();
        Assert.NotNull(a.grad);
        // d/da of ½ softplus(1 - a) + ½ softplus(1 + a) at 1 is ½ (sigmoid(2) - sigmoid(0)).
        Tensors.Near(tensor(new[] { 0.0, 0.5 * ((1 / (1 + Math.Exp(-2))) - 0.5) }), a.grad, 1e-12);
    }

    [Fact]
    public void Soft_label_gradient_vanishes_where_the_prediction_is_the_label()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new[] { Math.Log(3) }, requires_grad: true);
        PreferenceLoss.PairwiseSoft(a, tensor(new[] { 0.0 }), tensor(new[] { 0.75 })).backward();
        Assert.NotNull(a.grad);
        Tensors.Near(tensor(new[] { 0.0 }), a.grad, 1e-12);
    }

    [Fact]
    public void Centring_and_errors_equal_hand_computed_numbers()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new[] { 1.0, -2.0 });
        var b = tensor(new[] { 2.0, 1.0 });
        Tensors.Near(tensor(5.0), PreferenceLoss.Centring(a, b), 1e-12);
        Tensors.Near(tensor(5.0), PreferenceLoss.SquaredError(a, b), 1e-12);
        Tensors.Near(tensor(2.0), PreferenceLoss.AbsoluteError(a, b), 1e-12);
    }

    [Fact]
    public void Standardisation_goes_there_and_back()
    {
        var scale = Standardisation.Measure([400, 700, 1000]);
        Assert.Equal(700, scale.Mean, 1e-9);
        Assert.Equal(Math.Sqrt(60_000), scale.StandardDeviation, 1e-9);
        Assert.Equal(400, scale.Invert(scale.Apply(400)), 1e-9);
        Assert.Throws<ArgumentException>(() => Standardisation.Measure([5, 5, 5]));
        Assert.Throws<ArgumentException>(() => Standardisation.Measure([5, double.NaN]));
    }

    [Fact]
    public void Accuracy_and_calibration_equal_hand_computed_numbers()
    {
        // Right, wrong, undecided label, equal scores.
        double[] differences = [Math.Log(3), Math.Log(3), -1, 0];
        double[] labels = [0.9, 0.2, 0.5, 1.0];
        var accuracy = PreferenceAccuracy.Measure(differences, labels);
        Assert.Equal(3, accuracy.DecidedPairs);
        Assert.Equal(1.5 / 3, accuracy.Accuracy, 1e-12);
        // Bins: .75 twice (sum 1.5 against 1.1), .2689 (against .5), .5 (against 1).
        var expected = (0.4 + (0.5 - 1 / (1 + Math.E)) + 0.5) / 4;
        Assert.Equal(expected, accuracy.ExpectedCalibrationError, 1e-12);
        // Margins ln 3 = 1.0986, -ln 3 and 0: bins "1..2", "-2..-1" and "0..0.5".
        Assert.Equal([0, 0, 1, 0, 0, 1, 0, 1, 0, 0], accuracy.Margins.Counts);
        Assert.Equal(0, accuracy.Margins.Mean, 1e-12);
        Assert.Equal(("..-4", "-2..-1", "0..0.5", "4.."), (MarginHistogram.NameOf(0), MarginHistogram.NameOf(2), MarginHistogram.NameOf(5), MarginHistogram.NameOf(9)));
        Assert.Equal(ShareInterval.Wilson(1.5, 3), accuracy.Interval);
    }

    [Fact]
    public void Wilsons_interval_equals_hand_computed_numbers()
    {
        // The ends solve (p - share)² = z² p (1 - p) / n.
        var interval = ShareInterval.Wilson(60, 100);
        foreach (var end in (double[])[interval.Low, interval.High])
        {
            Assert.Equal(1.959963984540054 * 1.959963984540054 * end * (1 - end) / 100, (end - 0.6) * (end - 0.6), 1e-12);
        }

        Assert.True(interval.Low < 0.6 && interval.High > 0.6);
        // None of ten: z² / (n + z²) = 3.8415 / 13.8415.
        Assert.Equal(0, ShareInterval.Wilson(0, 10).Low, 1e-12);
        Assert.Equal(0.27753, ShareInterval.Wilson(0, 10).High, 1e-5);
        Assert.Throws<ArgumentOutOfRangeException>(() => ShareInterval.Wilson(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ShareInterval.Wilson(3, 2));
        Assert.Throws<ArgumentException>(() => MarginHistogram.Of([]));
    }

    [Fact]
    public void Wrong_sizes_are_named()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => PreferenceLoss.PairwiseSoft(zeros(2), zeros(3), zeros(2)));
        Assert.Throws<ArgumentException>(() => PreferenceLoss.SquaredError(zeros(2, 1), zeros(2)));
        Assert.Throws<ArgumentException>(() => PreferenceAccuracy.Measure([1], [0.5]));
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var x = randn(3);
        Tensors.LeavesNoTensor(() =>
        {
            PreferenceLoss.PairwiseHard(x, x, x).Dispose();
            PreferenceLoss.PairwiseSoft(x, x, x).Dispose();
            PreferenceLoss.PairwiseOfEach(x, x, x, x).Dispose();
            PreferenceLoss.Centring(x, x).Dispose();
            PreferenceLoss.SquaredError(x, x).Dispose();
            PreferenceLoss.AbsoluteError(x, x).Dispose();
        });
    }
}
