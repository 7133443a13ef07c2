using System.Diagnostics;
using Rlhf.LanguageModels;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks;

/// <summary>The matrix products of a training step alone: what the step would take if all else were free.</summary>
internal static class MatrixProducts
{
    private const int Repetitions = 5; // of which the best counts

    /// <summary>Rows, inputs, outputs and number of the linear layers, the vocabulary's head included.</summary>
    public static IReadOnlyList<(long Rows, long Inputs, long Outputs, int Count)> Of(ModelConfig config, long rows)
    {
        var (width, inner) = (config.HiddenSize, config.IntermediateSize);
        var (queries, keys) = (config.Heads * config.HeadSize, config.KeyValueHeads * config.HeadSize);
        return
        [
            (rows, width, queries, config.Layers), (rows, width, keys, 2 * config.Layers), (rows, queries, width, config.Layers),
            (rows, width, inner, 2 * config.Layers), (rows, inner, width, config.Layers), (rows, width, config.VocabularySize, 1),
        ];
    }

    /// <summary>Floating-point operations: one product forward, two backward, two operations a multiplication with its addition.</summary>
    public static double Operations(ModelConfig config, long rows) =>
        Of(config, rows).Sum(product => 6.0 * product.Rows * product.Inputs * product.Outputs * product.Count);

    /// <summary>Seconds that they take alone; the head's are float32 always.</summary>
    public static double Seconds(ModelConfig config, long rows, ScalarType type) => Of(config, rows).Sum(product =>
        product.Count * Seconds(product.Rows, product.Inputs, product.Outputs, product.Outputs == config.VocabularySize ? ScalarType.Float32 : type));

    /// <summary>The most operations a second that a large square product reaches.</summary>
    public static double Peak(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var a = randn(1024, 1024).to(type); // [1024, 1024]
        return 2.0 * 1024 * 1024 * 1024 / Best(() => a.mm(a).Dispose());
    }

    private static double Seconds(long rows, long inputs, long outputs, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var (x, weight, gradient) = (randn(rows, inputs).to(type), randn(outputs, inputs).to(type), randn(rows, outputs).to(type)); // [N, in], [out, in], [N, out]
        return Best(() =>
        {
            nn.functional.linear(x, weight).Dispose(); // [N, out]
            gradient.mm(weight).Dispose(); // [N, in]
            gradient.t().mm(x).Dispose(); // [out, in]
        });
    }

    private static double Best(Action work)
    {
        work();
        return Enumerable.Range(0, Repetitions).Min(_ =>
        {
            var since = Stopwatch.GetTimestamp();
            work();
            return Stopwatch.GetElapsedTime(since).TotalSeconds;
        });
    }
}
