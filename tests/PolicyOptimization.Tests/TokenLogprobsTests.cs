using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class TokenLogprobsTests
{
    [Fact]
    public void Gathered_logprobs_equal_an_independent_loop_at_every_temperature()
    {
        using var scope = NewDisposeScope();
        double[][] logits = [[1.0, 2.0, 0.5], [-3.0, 0.0, 4.0]];
        long[] ids = [2, 0];
        foreach (var temperature in new[] { 1.0, 0.7, 2.5 })
        {
            var expected = new double[2];
            for (var i = 0; i < 2; i++)
            {
                var total = logits[i].Sum(logit => Math.Exp(logit / temperature));
                expected[i] = Math.Log(Math.Exp(logits[i][ids[i]] / temperature) / total);
            }

            var stacked = stack([tensor(logits[0]), tensor(logits[1])]); // [2, 3]
            Tensors.Near(tensor(expected), TokenLogprobs.Gather(stacked, tensor(ids), temperature), 1e-12);
        }
    }

    [Fact]
    public void Leading_sizes_may_be_any()
    {
        using var scope = NewDisposeScope();
        var logits = randn(2, 3, 5); // [2, 3, 5]
        var ids = randint(5, [2, 3]); // [2, 3]
        var expected = nn.functional.log_softmax(logits, -1).gather(-1, ids.unsqueeze(-1)).squeeze(-1); // [2, 3]
        Tensors.Near(expected, TokenLogprobs.Gather(logits, ids), 1e-5);
    }

    [Fact]
    public void Entropy_of_equal_logits_is_log_of_the_vocabulary()
    {
        using var scope = NewDisposeScope();
        Tensors.Near(tensor(new[] { Math.Log(4) }), TokenLogprobs.Entropy(zeros(1, 4)), 1e-6);
        // One coin of 3/4: -(3/4) ln(3/4) - (1/4) ln(1/4).
        var coin = tensor(new[,] { { Math.Log(3.0), 0.0 } }); // [1, 2]
        Tensors.Near(tensor(new[] { 0.5623351446188083 }), TokenLogprobs.Entropy(coin), 1e-12);
    }

    [Fact]
    public void Wrong_sizes_are_named()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => TokenLogprobs.Gather(zeros(2, 3, 5), zeros(2, 4, dtype: ScalarType.Int64)));
        Assert.Contains("[2, 3, 5]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[2, 4]", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => TokenLogprobs.Entropy(zeros(1, 4), temperature: 0));
    }

    [Fact]
    public void No_tensor_is_left()
    {
        using var logits = randn(2, 3, 5);
        using var ids = zeros(2, 3, dtype: ScalarType.Int64);
        Tensors.LeavesNoTensor(() =>
        {
            TokenLogprobs.Gather(logits, ids, 0.5).Dispose();
            TokenLogprobs.Entropy(logits, 0.5).Dispose();
        });
    }
}
