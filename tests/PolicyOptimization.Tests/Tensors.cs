using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

/// <summary>Tensors from JSON and arrays, and comparisons whose failures show both sides.</summary>
internal static class Tensors
{
    /// <summary>A float64 tensor of numbers [T] or of rows [B, T].</summary>
    public static Tensor Read(JsonElement parent, string name)
    {
        var element = parent.GetProperty(name);
        return element[0].ValueKind == JsonValueKind.Array
            ? stack([.. element.EnumerateArray().Select(Row)])
            : Row(element);
    }

    public static Tensor AllTrue(Tensor like) => ones_like(like, dtype: ScalarType.Bool);

    public static double Tolerance(JsonElement vector) => Math.Max(vector.GetProperty("tolerance").GetDouble(), 1e-9);

    public static void Near(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        var want = expected.to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
        var got = actual.to(ScalarType.Float64).reshape(-1).data<double>().ToArray();
        Assert.True(
            want.Zip(got).All(pair => Math.Abs(pair.First - pair.Second) <= tolerance),
            $"expected [{string.Join(", ", want)}]\nbut got  [{string.Join(", ", got)}]");
    }

    /// <summary>Runs an action and asserts that it left as many live tensors as it found.</summary>
    public static void LeavesNoTensor(Action action)
    {
        action();
        DisposeScopeManager.Statistics.Reset();
        action();
        var statistics = DisposeScopeManager.Statistics;
        Assert.Equal(0, statistics.ThreadTotalLiveCount);
    }

    private static Tensor Row(JsonElement row) =>
        tensor(row.EnumerateArray().Select(number => number.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? number.GetBoolean() ? 1.0 : 0.0
            : number.GetDouble()).ToArray());
}
