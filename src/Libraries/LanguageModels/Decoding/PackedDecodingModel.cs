using System.Runtime.Intrinsics;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// A model laid out for decoding on the processor: the same numbers as <see cref="CausalLanguageModel"/> up to float32 rounding,
/// without a tensor library's cost a call. A row's result does not depend on the other rows of its steps, to the bit.
/// </summary>
public abstract class PackedDecodingModel : DecodingModel
{
    /// <summary>Takes over the weights of a model of the same shape, in place. Sequences of before must not be continued.</summary>
    /// <exception cref="ArgumentException">The model has another shape.</exception>
    public void Repack(CausalLanguageModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Take(new TensorStore(model), null);
        GC.KeepAlive(model);
    }

    /// <summary>
    /// Takes over a folder's weights with an adapter, in place. Where the weights are of the same open folder already, only the layers
    /// that an adapter changes are made anew. Sequences of before must not be continued.
    /// </summary>
    /// <exception cref="ArgumentException">The folder's model has another shape.</exception>
    /// <exception cref="InvalidDataException">A weight or the adapter is missing or malformed, or they don't fit each other; nothing has changed then.</exception>
    public void Repack(Checkpoint checkpoint, string? adapterFolder)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        Take(checkpoint, adapterFolder);
    }

    /// <summary>Lays out weights in place of those that there are, on all threads.</summary>
    /// <param name="views">The weights.</param>
    /// <param name="store">Where they are from.</param>
    /// <param name="changes">What an adapter adds.</param>
    internal abstract void Take(ModelViews views, IWeightStore store, LowRankChanges? changes);

    internal static PackedDecodingModel Pack(IWeightStore store, string? adapterFolder, int threads, WeightFormat format, bool hasLogits)
    {
        var (views, changes) = Find(store, adapterFolder, hasLogits);
        var model = Create(store.Config, threads, format, hasLogits);
        try
        {
            model.ParameterCount = views.ParameterCount;
            model.Take(views, store, changes);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static PackedDecodingModel Create(ModelConfig config, int threads, WeightFormat format, bool hasLogits) => (Vector512.IsHardwareAccelerated, format) switch
    {
        (true, WeightFormat.Full) => new PackedModel<Vector512<float>, Lanes512, float, Lanes512>(config, threads, hasLogits) { HasLogits = hasLogits },
        (true, WeightFormat.Half) => new PackedModel<Vector512<float>, Lanes512, ushort, BFloat16Weights>(config, threads, hasLogits) { HasLogits = hasLogits },
        (false, WeightFormat.Full) => new PackedModel<Vector256<float>, Lanes256, float, Lanes256>(config, threads, hasLogits) { HasLogits = hasLogits },
        (false, WeightFormat.Half) => new PackedModel<Vector256<float>, Lanes256, ushort, BFloat16Weights>(config, threads, hasLogits) { HasLogits = hasLogits },
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "no such format"),
    };

    // All that can be wrong with files is found here, before anything is allocated or changed.
    private static (ModelViews Views, LowRankChanges? Changes) Find(IWeightStore store, string? adapterFolder, bool hasLogits)
    {
        var views = new ModelViews(store, hasLogits);
        return (views, adapterFolder is null ? null : LowRankChanges.Load(adapterFolder, [.. views.Layers.SelectMany(layer => layer.Linears)]));
    }

    private void Take(IWeightStore store, string? adapterFolder)
    {
        if (store.Config != Config)
        {
            throw new ArgumentException("The model has another shape.", nameof(store));
        }

        var (views, changes) = Find(store, adapterFolder, HasLogits);
        Take(views, store, changes);
    }
}
