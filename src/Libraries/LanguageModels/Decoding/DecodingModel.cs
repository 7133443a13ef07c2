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

    /// <summary>Packs a model's weights; the model is not needed afterwards.</summary>
    /// <param name="model">On the processor, adapters merged.</param>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    /// <param name="format">What the weights are kept as.</param>
    /// <param name="hasLogits">Whether rows can ask for logits; without them, only for hidden states, at less cost.</param>
    public static DecodingModel Pack(CausalLanguageModel model, int threads, WeightFormat format = WeightFormat.Full, bool hasLogits = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        return (Vector512.IsHardwareAccelerated, format) switch
        {
            (true, WeightFormat.Full) => new PackedModel<Vector512<float>, Lanes512, float, Lanes512>(model, threads, hasLogits),
            (true, WeightFormat.Half) => new PackedModel<Vector512<float>, Lanes512, ushort, BFloat16Weights>(model, threads, hasLogits),
            (false, WeightFormat.Full) => new PackedModel<Vector256<float>, Lanes256, float, Lanes256>(model, threads, hasLogits),
            (false, WeightFormat.Half) => new PackedModel<Vector256<float>, Lanes256, ushort, BFloat16Weights>(model, threads, hasLogits),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "no such format"),
        };
    }

    /// <summary>Takes over the weights of a model of the same shape, in place. Sequences of before must not be continued.</summary>
    public abstract void Repack(CausalLanguageModel model);

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
}
