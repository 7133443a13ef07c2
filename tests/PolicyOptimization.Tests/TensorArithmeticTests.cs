using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

public sealed class TensorArithmeticTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Int64)]
    public void Results_are_those_of_the_operators_to_the_bit_and_of_their_type(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var x = (randn([50], generator: generator) * 9).to(type); // [50]
        var y = (randn([50], generator: generator) * 9).to(type); // [50]
        (Tensor Kept, Tensor Plain)[] results =
        [
            (x.Plus(y), x + y), (x.Plus(0.3), x + 0.3), (x.Plus(3), x + 3), (x.Minus(0.3), x - 0.3), (x.Minus(3), x - 3),
            (x.Times(0.3), x * 0.3), (x.Times(3), x * 3), (x.DividedBy(0.3), x / 0.3), (x.DividedBy(3), x / 3),
            (x.Complement(), 1 - x), (x.Squared(), x.square()), (x.ClampedTo(-0.3, 0.7), x.clamp(-0.3, 0.7)),
            (TensorArithmetic.CountTo(7, type, CPU), arange(7, type)),
        ];

        Assert.All(results, result =>
        {
            Assert.Equal(result.Plain.dtype, result.Kept.dtype);
            Assert.True(result.Plain.eq(result.Kept).all().item<bool>(), $"{result.Kept} in place of {result.Plain}");
        });
    }

    [Fact]
    public void Nothing_is_left_behind()
    {
        using var x = ones(3); // [3]
        Tensors.LeavesNoTensor(() =>
        {
            x.Plus(x).Dispose();
            x.Plus(1.5).Dispose();
            x.Complement().Dispose();
            x.Squared().Dispose();
            x.ClampedTo(0, 1).Dispose();
            TensorArithmetic.CountTo(3, ScalarType.Int64, CPU).Dispose();
        });
    }
}
