using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.Tests;

/// <summary>A batch packed into rows, padded, and its examples one by one: the same loss and the same gradients.</summary>
public sealed class SupervisedPackingTests
{
    private const double Tolerance = 1e-5;

    // Very uneven: 3 to 13 tokens in the first, one prompt token and many of the response in others, and the longest that the context takes.
    private static readonly EncodedExample[] s_examples =
    [
        .. TinyModels.RandomExamples(5, seed: 7),
        Example(33, prompt: 1), Example(33, prompt: 32), Example(2, prompt: 1), Example(17, prompt: 9), Example(17, prompt: 4),
    ];

    private static readonly int[] s_lengths = [.. s_examples.Select(example => example.TokenIds.Length)];
    private static readonly int[] s_all = [.. Enumerable.Range(0, s_examples.Length)];

    [Theory]
    [InlineData(4096)] // one row
    [InlineData(66)] // the two longest fill a row exactly
    [InlineData(33)] // the longest alone does
    [InlineData(10)] // longer ones have rows of their own
    public void Packed_padded_and_one_by_one_give_the_same_loss_and_gradients(int maxTokens)
    {
        using var model = TinyModels.Create();
        model.SetTrainable(true);
        var packed = LossAndGradients(model, () => SupervisedTrainer.Backward(model, s_all, s_examples, s_lengths, isPacked: true, maxTokens));
        var padded = LossAndGradients(model, () => SupervisedTrainer.Backward(model, s_all, s_examples, s_lengths, isPacked: false));
        var tokens = s_examples.Sum(example => (double)example.ResponseLength);
        var sums = new double[packed.Gradients.Length];
        var loss = 0.0;
        foreach (var row in s_all)
        {
            var share = s_examples[row].ResponseLength / tokens;
            var alone = LossAndGradients(model, () => SupervisedTrainer.Backward(model, [row], s_examples, s_lengths, isPacked: false));
            loss += alone.Loss * share;
            foreach (var (i, gradient) in alone.Gradients.Index())
            {
                sums[i] += gradient * share;
            }
        }

        Assert.Equal(loss, packed.Loss, Tolerance);
        Assert.Equal(loss, padded.Loss, Tolerance);
        Assert.All(packed.Gradients.Zip(sums), pair => Assert.Equal(pair.Second, pair.First, Tolerance));
        Assert.All(padded.Gradients.Zip(sums), pair => Assert.Equal(pair.Second, pair.First, Tolerance));
        Assert.Contains(sums, gradient => Math.Abs(gradient) > 1e-2);
    }

    [Fact]
    public void Rows_hold_every_item_once_the_longest_first_and_no_more_than_they_may()
    {
        Assert.Equal([[5, 6], [8, 9, 3, 1], [2, 0, 4, 7]], Rows([8, 12, 9, 14, 6, 33, 33, 2, 17, 17], 66));
        Assert.Equal([[0], [1]], Rows([33, 33], 33)); // each fills its row
        Assert.Equal([[0], [1, 2]], Rows([40, 20, 10], 33)); // longer than a row: alone
        Assert.Empty(Rows([], 33));
    }

    [Fact]
    public void Training_with_and_without_packing_goes_the_same_way()
    {
        double[] Losses(bool packing)
        {
            using var model = TinyModels.Create();
            var recorder = new Recorder();
            var settings = new SupervisedSettings { Epochs = 2, BatchSize = 8, Packing = packing };
            SupervisedTrainer.Train(model, TinyModels.RandomExamples(32, seed: 3), settings, 3, recorder, TestContext.Current.CancellationToken);
            return recorder.Of("loss");
        }

        Assert.Equal(8, Losses(packing: true).Length);
        // Not to 1e-5: AdamW's first steps depend on a gradient's sign alone, also where it is next to nothing.
        Assert.All(Losses(packing: true).Zip(Losses(packing: false)), pair => Assert.Equal(pair.Second, pair.First, 1e-3));
    }

    private static int[][] Rows(int[] lengths, int maxTokens) => [.. Minibatches.Rows([.. Enumerable.Range(0, lengths.Length)], lengths, maxTokens)];

    private static EncodedExample Example(int length, int prompt) => new([.. TinyModels.Tokens(new Random(length + prompt), length)], prompt);

    private static (double Loss, float[] Gradients) LossAndGradients(CausalLanguageModel model, Func<double> backward)
    {
        var loss = backward();
        var gradients = new List<float>();
        foreach (var parameter in model.Parameters.Values)
        {
            using var gradient = parameter.grad;
            Assert.NotNull(gradient);
            gradients.AddRange(gradient.data<float>());
            gradient.zero_();
        }

        return (loss, [.. gradients]);
    }
}
