using System.Runtime.Intrinsics;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// A model laid out for decoding on the processor: the same numbers as <see cref="CausalLanguageModel"/> up to float32 rounding,
/// without a tensor library's cost a call. A row's result does not depend on the other rows of its steps. For one thread at a time.
/// </summary>
public abstract class DecodingModel : IDisposable
{
    /// <summary>The most rows of a step.</summary>
    public const int MaxRows = 192;

    /// <summary>The model's shape.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>Memory of the packed weights.</summary>
    public abstract long WeightBytes { get; }

    /// <summary>Number of weights; a tied head counts once, an adapter is part of the weights that it changes.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>Whether rows can ask for logits.</summary>
    public bool HasLogits { get; private init; }

    /// <summary>Packs a model's weights; the model is not needed afterwards.</summary>
    /// <param name="model">On the processor, adapters merged.</param>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    /// <param name="format">What the weights are kept as.</param>
    /// <param name="hasLogits">Whether rows can ask for logits; without them, only for hidden states, at less cost.</param>
    public static DecodingModel Pack(CausalLanguageModel model, int threads, WeightFormat format = WeightFormat.Full, bool hasLogits = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        var packed = Pack(new TensorStore(model), null, threads, format, hasLogits);
        GC.KeepAlive(model);
        return packed;
    }

    /// <summary>Packs weights straight from a folder's files, in parallel and without a copy in between.</summary>
    /// <param name="checkpoint">The folder, which stays the caller's.</param>
    /// <param name="adapterFolder">An adapter in PEFT's layout that is added to the weights; null for none.</param>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    /// <param name="format">What the weights are kept as.</param>
    /// <param name="hasLogits">Whether rows can ask for logits; without them, only for hidden states, at less cost.</param>
    /// <exception cref="InvalidDataException">A weight or the adapter is missing or malformed, or they don't fit each other; the message says what.</exception>
    public static DecodingModel Pack(Checkpoint checkpoint, string? adapterFolder, int threads, WeightFormat format = WeightFormat.Full, bool hasLogits = true)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return Pack((IWeightStore)checkpoint, adapterFolder, threads, format, hasLogits);
    }

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

    /// <summary>An empty sequence.</summary>
    public abstract DecodingSequence NewSequence();

    /// <summary>Appends each row's token to its sequence.</summary>
    /// <param name="rows">1 to <see cref="MaxRows"/>.</param>
    /// <exception cref="ArgumentException">Too many rows, or a sequence would be longer than the context; no sequence has changed then.</exception>
    public abstract void Append(ReadOnlySpan<DecodingRow> rows);

    /// <summary>The logits after a row of the last step.</summary>
    /// <param name="index">Among the rows of that step that asked.</param>
    /// <returns>[V]; overwritten by the next step.</returns>
    public abstract Span<float> Logits(int index);

    /// <summary>The hidden state after a row of the last step: what the logits are computed from.</summary>
    /// <param name="index">Among the rows of that step that asked.</param>
    /// <returns>[C]; overwritten by the next step.</returns>
    public abstract ReadOnlySpan<float> Hidden(int index);

    /// <summary>Does work on all of the model's threads.</summary>
    /// <param name="work">Given the thread's number and the number of threads.</param>
    public abstract void OnAllThreads(Action<int, int> work);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Lays out weights in place of those that there are, on all threads.</summary>
    /// <param name="views">The weights.</param>
    /// <param name="store">Where they are from.</param>
    /// <param name="changes">What an adapter adds.</param>
    internal abstract void Take(ModelViews views, IWeightStore store, LowRankChanges? changes);

    private static DecodingModel Pack(IWeightStore store, string? adapterFolder, int threads, WeightFormat format, bool hasLogits)
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

    private static DecodingModel Create(ModelConfig config, int threads, WeightFormat format, bool hasLogits) => (Vector512.IsHardwareAccelerated, format) switch
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
