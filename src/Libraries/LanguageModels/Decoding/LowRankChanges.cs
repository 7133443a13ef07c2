using System.Numerics.Tensors;
using Rlhf.LanguageModels.Adapters;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>What an adapter adds to linear layers' weights: (α / r) · B · A each, a row at a time.</summary>
internal sealed class LowRankChanges
{
    private readonly Dictionary<string, Factors> _factors = new(StringComparer.Ordinal);
    private readonly LoraOptions _options;

    private LowRankChanges(LoraOptions options) => _options = options;

    /// <summary>Reads an adapter in PEFT's layout.</summary>
    /// <param name="folder">The adapter's.</param>
    /// <param name="layers">The model's linear layers. The adapter has all of them and no other.</param>
    /// <exception cref="InvalidDataException">A file is missing or malformed, or the adapter does not fit the model; the message says what.</exception>
    public static LowRankChanges Load(string folder, IReadOnlyCollection<LinearView> layers)
    {
        using var file = new AdapterFile(folder, layers.Count);
        var changes = new LowRankChanges(file.Options);
        foreach (var layer in layers)
        {
            var a = file.Require(AdapterFile.NameOfA(layer.Name), file.Options.Rank, layer.Inputs);
            var b = file.Require(AdapterFile.NameOfB(layer.Name), layer.Outputs, file.Options.Rank);
            changes._factors[layer.Name] = new Factors(file.Weights.Find(a).ToArray(), file.Weights.Find(b).ToArray(), layer.Inputs);
        }

        return changes;
    }

    /// <summary>Adds a layer's change to rows of its weight.</summary>
    /// <param name="layer">The layer's name.</param>
    /// <param name="output">Which row.</param>
    /// <param name="row">[inputs], the row; the change is added.</param>
    /// <param name="scratch">[inputs], overwritten.</param>
    public void AddTo(string layer, int output, Span<float> row, Span<float> scratch)
    {
        var (a, b, inputs) = _factors[layer];
        scratch.Clear();
        for (var r = 0; r < _options.Rank; r++)
        {
            TensorPrimitives.MultiplyAdd(a.AsSpan(r * inputs, inputs), b[(output * _options.Rank) + r], scratch, scratch);
        }

        TensorPrimitives.MultiplyAdd(scratch, (float)(_options.Alpha / _options.Rank), row, row);
    }

    /// <param name="A">[r, in].</param>
    /// <param name="B">[out, r].</param>
    private sealed record Factors(float[] A, float[] B, int Inputs);
}
