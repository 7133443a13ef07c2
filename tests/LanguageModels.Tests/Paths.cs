using Rlhf.LanguageModels.Decoding;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

/// <summary>Logits by each of the forward passes, a row of [V] a token.</summary>
internal static class Paths
{
    /// <summary>Through tensors, beside a longer sequence.</summary>
    public static List<float[]> Tensors(CausalLanguageModel model, int[] tokens)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var batch = new TokenBatch([tokens, [.. tokens, 1, 2, 3]]);
        var logits = model.Logits(model.Hidden(batch.Ids))[0]; // [S, V]
        return [.. Enumerable.Range(0, tokens.Length).Select(i => logits[i].data<float>().ToArray())];
    }

    /// <summary>Through packed weights, some tokens a step.</summary>
    public static List<float[]> Packed(DecodingModel packed, int[] tokens, int chunk)
    {
        using var sequence = packed.NewSequence();
        var logits = new List<float[]>();
        foreach (var part in tokens.Chunk(chunk))
        {
            packed.Append([.. part.Select(token => new DecodingRow(sequence, token, IsAsked: true))]);
            logits.AddRange(part.Select((_, i) => packed.Logits(i).ToArray()));
        }

        return logits;
    }

    /// <summary>The largest difference.</summary>
    public static double Worst(IEnumerable<IEnumerable<double>> expected, IReadOnlyCollection<float[]> actual)
    {
        var rows = expected.Select(row => row.ToArray()).ToList();
        Assert.Equal(rows.Select(row => row.Length), actual.Select(row => row.Length));
        return rows.Zip(actual, (e, a) => e.Zip(a, (x, y) => double.IsFinite(y) ? Math.Abs(x - y) : double.PositiveInfinity).Max()).Max();
    }

    /// <summary>The largest difference.</summary>
    public static double Worst(IEnumerable<float[]> expected, IReadOnlyCollection<float[]> actual) =>
        Worst(expected.Select(row => row.Select(value => (double)value)), actual);
}
