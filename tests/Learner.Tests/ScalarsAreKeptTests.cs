using System.Reflection;
using Rlhf.LanguageModels;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.Tensors;
using Rlhf.Testing;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

/// <summary>No operation's number may be freed while native code reads it (docs/decisions/0012-scalars-are-kept.md).</summary>
public sealed class ScalarsAreKeptTests
{
    public static TheoryData<string> TensorCode =>
        [.. new[] { typeof(TensorArithmetic), typeof(CausalLanguageModel), typeof(PpoLoss), typeof(AdamWOptimizer) }.Select(type => type.Assembly.Location)];

    [Theory]
    [MemberData(nameof(TensorCode))]
    public void No_operation_has_a_number_that_nothing_keeps(string assembly) => Assert.Empty(TemporaryScalars.In(Assembly.LoadFrom(assembly)));

    /// <summary>The tests themselves train beside each other, so nothing but this class's examples may be found in them.</summary>
    [Fact]
    public void What_nothing_keeps_is_found() => Assert.Equal(
        [
            $"{typeof(ScalarsAreKeptTests)}.{nameof(Half)} calls Tensor.op_Multiply, which makes a Scalar that nothing keeps.",
            $"{typeof(ScalarsAreKeptTests)}.{nameof(Product)} makes a Scalar that is neither a field nor disposed.",
            $"{typeof(ScalarsAreKeptTests)}.{nameof(Sum)} calls Tensor.op_Addition, which makes a Scalar that nothing keeps.",
            $"{typeof(ScalarsAreKeptTests)}.{nameof(Unkept)} makes a Scalar that is neither a field nor disposed.",
        ],
        TemporaryScalars.In(typeof(ScalarsAreKeptTests).Assembly).Order(StringComparer.Ordinal));

    internal static Tensor Product(Tensor x) => x.mul(0.5); // as x

    internal static Tensor Sum(Tensor a, Tensor b) => a + b; // as a

    internal static Tensor Half(Tensor x) => x * 0.5; // as x

    internal static Tensor Unkept(Tensor x)
    {
        Scalar half = 0.5;
        return x.mul(half); // as x
    }
}
