using System.Reflection;
using Rlhf.LanguageModels;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

/// <summary>No operation's number may be freed while native code reads it (docs/decisions/0013-scalars-are-kept.md).</summary>
public sealed class ScalarsAreKeptTests
{
    public static TheoryData<string> TensorCode =>
        [.. new[] { typeof(TensorArithmetic), typeof(CausalLanguageModel), typeof(PpoLoss), typeof(AdamWOptimizer) }.Select(type => type.Assembly.Location)];

    [Theory]
    [MemberData(nameof(TensorCode))]
    public void No_operation_has_a_number_that_nothing_keeps(string assembly) => Assert.Empty(TemporaryScalars.In(Assembly.LoadFrom(assembly)));

    [Theory]
    [InlineData(nameof(Product), "makes")]
    [InlineData(nameof(Sum), "op_Addition")]
    [InlineData(nameof(Half), "op_Multiply")]
    [InlineData(nameof(Unkept), "makes")]
    public void What_is_not_kept_is_found(string method, string reason) => Assert.Contains(
        TemporaryScalars.In(typeof(ScalarsAreKeptTests).Assembly),
        found => found.Contains($"{nameof(ScalarsAreKeptTests)}.{method} ", StringComparison.Ordinal) && found.Contains(reason, StringComparison.Ordinal));

    internal static Tensor Product(Tensor x) => x.mul(0.5); // as x

    internal static Tensor Sum(Tensor a, Tensor b) => a + b; // as a

    internal static Tensor Half(Tensor x) => x * 0.5; // as x

    internal static Tensor Unkept(Tensor x)
    {
        Scalar half = 0.5;
        return x.mul(half); // as x
    }
}
