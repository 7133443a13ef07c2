namespace Rlhf.LanguageModels.Decoding;

/// <summary>A model that appends tokens to many sequences at a time. For one thread at a time.</summary>
public abstract class DecodingModel : IDisposable
{
    /// <summary>The most rows of a step.</summary>
    public const int MaxRows = 192;

    /// <summary>The model's shape.</summary>
    public abstract ModelConfig Config { get; }

    /// <summary>Memory of the weights.</summary>
    public abstract long WeightBytes { get; }

    /// <summary>Number of weights; a tied head counts once, an adapter is part of the weights that it changes.</summary>
    public long ParameterCount { get; private protected set; }

    /// <summary>Whether rows can ask for logits.</summary>
    public bool HasLogits { get; private protected init; }

    /// <summary>Packs a model's weights; the model is not needed afterwards.</summary>
    /// <param name="model">On the processor, adapters merged.</param>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    /// <param name="format">What the weights are kept as.</param>
    /// <param name="hasLogits">Whether rows can ask for logits; without them, only for hidden states, at less cost.</param>
    public static PackedDecodingModel Pack(CausalLanguageModel model, int threads, WeightFormat format = WeightFormat.Full, bool hasLogits = true)
    {
        ArgumentNullException.ThrowIfNull(model);
        var packed = PackedDecodingModel.Pack(new TensorStore(model), null, threads, format, hasLogits);
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
    public static PackedDecodingModel Pack(Checkpoint checkpoint, string? adapterFolder, int threads, WeightFormat format = WeightFormat.Full, bool hasLogits = true)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return PackedDecodingModel.Pack(checkpoint, adapterFolder, threads, format, hasLogits);
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

    /// <summary>Makes room for each row's token in its sequence: in all, or in none.</summary>
    /// <param name="rows">As <see cref="Append"/> has them.</param>
    /// <param name="positions">Gets each row's position in its sequence.</param>
    /// <inheritdoc cref="Append" path="/exception"/>
    private protected void Extend(ReadOnlySpan<DecodingRow> rows, Span<int> positions)
    {
        if (rows.Length is 0 or > MaxRows)
        {
            throw new ArgumentException($"A step has {rows.Length} rows; 1 to {MaxRows} are possible.", nameof(rows));
        }

        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row].Sequence.Length >= Config.ContextLength)
            {
                for (var moved = 0; moved < row; moved++)
                {
                    rows[moved].Sequence.TakeBack();
                }

                throw new ArgumentException($"A sequence has the context's {Config.ContextLength} tokens already.", nameof(rows));
            }

            positions[row] = rows[row].Sequence.Append();
        }
    }
}
