using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization.Tests;

/// <summary>
/// Arithmetic beside a thread that collects garbage without a pause. It runs beside no other test: one that compares with TorchSharp's
/// own operators would fail then (docs/decisions/0012-scalars-are-kept.md).
/// </summary>
[CollectionDefinition(nameof(GarbageCollectionTests), DisableParallelization = true)]
[Collection(nameof(GarbageCollectionTests))]
public sealed class GarbageCollectionTests
{
    private const int Threads = 2;
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Numbers_are_kept_while_native_code_reads_them()
    {
        using var isOver = new CancellationTokenSource(s_duration);
        var collector = Task.Run(() => Collect(isOver.Token), TestContext.Current.CancellationToken);
        var results = await Task.WhenAll(Enumerable.Range(0, Threads)
            .Select(_ => Task.Run(() => Results(isOver.Token), TestContext.Current.CancellationToken)));
        await collector;

        // ((2 + 2 - 1) · 4 / 2)², clamped to 30, and its loss: all exact in float32.
        Assert.Equal([new(30, 4.5f)], results.SelectMany(distinct => distinct).Distinct());
    }

    private static void Collect(CancellationToken isOver)
    {
        while (!isOver.IsCancellationRequested)
        {
            GC.KeepAlive(Enumerable.Range(0, 1000).Select(_ => new byte[100]).ToArray());
            GC.Collect(0);
            GC.WaitForPendingFinalizers();
        }
    }

    private static HashSet<(float Arithmetic, float Loss)> Results(CancellationToken isOver)
    {
        using var noGradients = no_grad();
        using Scalar two = 2f;
        using var x = full([1, 100], two); // [1, 100]
        using var zero = zeros_like(x); // [1, 100]
        using var mask = ones_like(x, ScalarType.Bool); // [1, 100]
        var results = new HashSet<(float, float)>();
        while (!isOver.IsCancellationRequested)
        {
            using var scope = NewDisposeScope();
            var arithmetic = x.Plus(x).Minus(1).Times(4.0).DividedBy(2).Squared().ClampedTo(0, 30); // [1, 100]
            var loss = PpoLoss.Value(x.Plus(1), x.Plus(1), zero, mask, clipRange: 0.2); // []
            results.Add((arithmetic[0, 0].item<float>(), loss.item<float>()));
        }

        return results;
    }
}
