using System.Numerics.Tensors;
using TorchSharp;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// A reward model laid out for scoring on the processor: the scores of <see cref="RewardModel"/> up to float32 rounding. A
/// sequence's score is the same to the bit alone and among others, and costs as much as its own tokens. For one thread at a time.
/// </summary>
public sealed class PackedRewardModel : IDisposable
{
    private readonly DecodingModel _trunk;
    private readonly float[][] _heads; // [K][C]
    private readonly int _pooledTokens;

    /// <summary>Packs a model's weights; the model is not needed afterwards. On another device it is used where it is, and must stay.</summary>
    /// <param name="model">Stays the caller's.</param>
    /// <param name="threads">Threads that compute, the caller's included.</param>
    public PackedRewardModel(RewardModel model, int threads)
        : this(model, TrunkOf(model, threads))
    {
    }

    /// <summary>Takes over the head alone, above a trunk that is ready for decoding.</summary>
    /// <param name="model">Whose head; stays the caller's.</param>
    /// <param name="trunk">The same model's; becomes this object's own.</param>
    public PackedRewardModel(RewardModel model, DecodingModel trunk)
    {
        ArgumentNullException.ThrowIfNull(model);
        _trunk = trunk;
        using var head = model.Head.Weight.detach().to(torch.float32).cpu(); // [K, C]
        _pooledTokens = model.PooledTokens;
        _heads = [.. head.data<float>().ToArray().Chunk(model.Trunk.Config.HiddenSize)];
    }

    /// <summary>The shape of the language model below the head.</summary>
    public ModelConfig Config => _trunk.Config;

    /// <summary>How many members score each sequence, 1 or more.</summary>
    public int Members => _heads.Length;

    /// <summary>Scores sequences.</summary>
    /// <param name="sequences">Prompt and response tokens, each 1 to the context length long.</param>
    /// <returns>The mean of the members' scores for each sequence, in their order.</returns>
    /// <exception cref="ArgumentException">A sequence is empty or over the context length.</exception>
    public float[] Score(IReadOnlyList<int[]> sequences) => [.. ScoreByMember(sequences).Select(members => members.Average())];

    /// <summary>The same for each member.</summary>
    /// <returns>For each sequence, in their order, the members' scores.</returns>
    /// <inheritdoc cref="Score" path="/param|/exception"/>
    public float[][] ScoreByMember(IReadOnlyList<int[]> sequences)
    {
        if (sequences.FirstOrDefault(tokens => tokens.Length == 0 || tokens.Length > Config.ContextLength) is { } bad)
        {
            throw new ArgumentException($"A sequence has {bad.Length} tokens; 1 to {Config.ContextLength} are possible.", nameof(sequences));
        }

        var scores = new float[sequences.Count][];
        var open = new List<DecodingSequence>();
        var sum = new float[Config.HiddenSize]; // of the pooled states of the sequence under way
        try
        {
            foreach (var step in Rows(sequences, open).Chunk(DecodingModel.MaxRows))
            {
                _trunk.Append(step.Select(row => row.Row).ToArray());
                foreach (var (asked, (row, index, isLast)) in step.Where(row => row.Row.IsAsked).Index())
                {
                    TensorPrimitives.Add(sum, _trunk.Hidden(asked), sum);
                    if (isLast)
                    {
                        TensorPrimitives.Divide(sum, Math.Min(_pooledTokens, sequences[index].Length), sum);
                        scores[index] = ScoresOf(sum);
                        Array.Clear(sum);
                        row.Sequence.Dispose();
                        open.Remove(row.Sequence);
                    }
                }
            }
        }
        finally
        {
            open.ForEach(sequence => sequence.Dispose());
        }

        return scores;
    }

    /// <inheritdoc/>
    public void Dispose() => _trunk.Dispose();

    private float[] ScoresOf(ReadOnlySpan<float> hidden)
    {
        var scores = new float[_heads.Length];
        for (var member = 0; member < scores.Length; member++)
        {
            scores[member] = TensorPrimitives.Dot(hidden, _heads[member]);
        }

        return scores;
    }

    private static DecodingModel TrunkOf(RewardModel model, int threads)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.Trunk.Device.type == DeviceType.CPU
            ? DecodingModel.Pack(model.Trunk, threads, hasLogits: false)
            : new TensorDecodingModel(model.Trunk, threads, hasLogits: false);
    }

    // Sequence after sequence: only those of the step under way are in memory. Asked for are the states that are pooled.
    private IEnumerable<(DecodingRow Row, int Index, bool IsLast)> Rows(IReadOnlyList<int[]> sequences, List<DecodingSequence> open)
    {
        foreach (var (index, tokens) in sequences.Index())
        {
            var sequence = _trunk.NewSequence();
            open.Add(sequence);
            foreach (var (position, token) in tokens.Index())
            {
                yield return (new DecodingRow(sequence, token, IsAsked: position >= tokens.Length - _pooledTokens), index, position == tokens.Length - 1);
            }
        }
    }
}
