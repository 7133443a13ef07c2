using System.Numerics;
using System.Numerics.Tensors;
using Rlhf.LanguageModels.Transformer;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>Positions and causal attention of single rows over pages of keys and values.</summary>
internal sealed unsafe class PackedAttention<TVector, TLanes> : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>, IWeights<TVector, float>
{
    private readonly ModelConfig _config;
    private readonly KeyValueShape _shape;
    private readonly int _group; // G, query heads a key-value head
    private readonly AlignedBuffer<float>[] _scores; // a thread: [G, scores]
    private readonly AlignedBuffer<float>[] _outputs; // a thread: [G, D]
    private float[] _cosine = []; // [positions, D / 2]; empty where positions are learned
    private float[] _sine = []; // [positions, D / 2]
    private int _scoresWidth; // positions, in whole pages

    public PackedAttention(ModelConfig config, KeyValueShape shape, int threads)
    {
        (_config, _shape, _group) = (config, shape, config.Heads / config.KeyValueHeads);
        _scores = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer<float>(0))];
        _outputs = [.. Enumerable.Range(0, threads).Select(_ => new AlignedBuffer<float>((long)_group * shape.ValuePanels * shape.Positions))];
    }

    /// <summary>Makes room for sequences of a length; the context may be far longer than any sequence. For one thread, between steps.</summary>
    public void Reserve(int length)
    {
        if (length <= _scoresWidth)
        {
            return;
        }

        var pages = (long)BitOperations.RoundUpToPowerOf2((uint)((length + _shape.Positions - 1) / _shape.Positions));
        _scoresWidth = checked((int)(pages * _shape.Positions));
        (_cosine, _sine) = _config.HasLearnedPositions ? ([], []) : Rotations(_config, _scoresWidth);
        for (var thread = 0; thread < _scores.Length; thread++)
        {
            _scores[thread].Dispose();
            _scores[thread] = new AlignedBuffer<float>((long)_group * _scoresWidth);
        }
    }

    /// <summary>Normalises a row's queries and keys where the model does, rotates them to its position, and keeps its keys and values.</summary>
    /// <param name="layer">Which layer's.</param>
    /// <param name="row">[H·D queries, K·D keys, K·D values]; queries are overwritten.</param>
    /// <param name="sequence">Whose row.</param>
    /// <param name="position">In the sequence.</param>
    /// <param name="queryNorm">Of each head's queries; null is none.</param>
    /// <param name="keyNorm">Of each head's keys; null is none.</param>
    public void Keep(int layer, float* row, DecodingSequence sequence, int position, PackedNorm? queryNorm, PackedNorm? keyNorm)
    {
        var (size, keyHeads) = (_config.HeadSize, _config.KeyValueHeads);
        for (var head = 0; head < _config.Heads + keyHeads; head++)
        {
            var numbers = new Span<float>(row + (head * size), size);
            (head < _config.Heads ? queryNorm : keyNorm)?.Apply(numbers, numbers);
            if (_cosine.Length > 0)
            {
                Rotate(row + (head * size), position);
            }
        }

        var (index, place) = Math.DivRem(position, _shape.Positions);
        var page = (MemoryPage)sequence.Pages[index];
        var keys = row + (_config.Heads * size);
        for (var head = 0; head < keyHeads; head++)
        {
            page.Write(layer, head, place, keys + (head * size), keys + ((keyHeads + head) * size));
        }
    }

    /// <summary>All query heads of a key-value head: scores are queries times packed keys, outputs are weights times packed values.</summary>
    /// <param name="layer">Which layer's.</param>
    /// <param name="head">Which key-value head.</param>
    /// <param name="row">As <see cref="Keep"/> left it.</param>
    /// <param name="sequence">Whose row.</param>
    /// <param name="position">In the sequence; later positions are not seen, nor those before the layer's window.</param>
    /// <param name="attended">[H·D]; the head's part of it is written.</param>
    /// <param name="worker">The thread's number.</param>
    public void Attend(int layer, int head, float* row, DecodingSequence sequence, int position, float* attended, int worker)
    {
        var (size, positions) = (_config.HeadSize, _shape.Positions);
        var queries = row + (head * _group * size);
        var scores = _scores[worker].Pointer;
        var outputs = _outputs[worker].Pointer;
        var pages = sequence.Pages;
        var count = position + 1;
        var pageCount = (count + positions - 1) / positions;
        var first = _config.Window is { } window && window.Covers(layer) ? Math.Max(0, count - window.Width) : 0;
        var firstPage = first / positions;
        for (var page = firstPage; page < pageCount; page++)
        {
            Kernels<TVector, TLanes, float, TLanes>.Multiply(
                queries, size, _group, ((MemoryPage)pages[page]).Keys(layer, head), size, 1, scores + (page * positions), _scoresWidth, isAdded: false);
        }

        for (var query = 0; query < _group; query++)
        {
            var all = new Span<float>(scores + ((nint)query * _scoresWidth), pageCount * positions);
            Softmax(all[first..count]);
            all[(firstPage * positions)..first].Clear();
            all[count..].Clear();
        }

        var outputWidth = _shape.ValuePanels * positions;
        for (var page = firstPage; page < pageCount; page++)
        {
            Kernels<TVector, TLanes, float, TLanes>.Multiply(
                scores + (page * positions), _scoresWidth, _group, ((MemoryPage)pages[page]).Values(layer, head), positions, _shape.ValuePanels, outputs, outputWidth, isAdded: page > firstPage);
        }

        for (var query = 0; query < _group; query++)
        {
            new ReadOnlySpan<float>(outputs + (query * outputWidth), size).CopyTo(new Span<float>(attended + (((head * _group) + query) * size), size));
        }
    }

    public void Dispose()
    {
        foreach (var buffer in _scores.Concat(_outputs))
        {
            buffer.Dispose();
        }
    }

    private void Rotate(float* head, int position)
    {
        var half = _config.HeadSize / 2;
        for (var d = 0; d < half; d++)
        {
            var (cosine, sine) = (_cosine[(position * half) + d], _sine[(position * half) + d]);
            var (a, b) = (head[d], head[d + half]);
            head[d] = (a * cosine) - (b * sine);
            head[d + half] = (b * cosine) + (a * sine);
        }
    }

    private void Softmax(Span<float> scores)
    {
        var scale = (float)_config.AttentionScale;
        if (_config.AttentionSoftCap is { } cap)
        {
            PackedActivation.Cap(scores, cap, scale);
            scale = 1;
        }

        TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
        TensorPrimitives.Multiply(scores, scale, scores);
        TensorPrimitives.Exp(scores, scores);
        TensorPrimitives.Divide(scores, TensorPrimitives.Sum<float>(scores), scores);
    }

    private static (float[] Cosine, float[] Sine) Rotations(ModelConfig config, int positions)
    {
        var half = config.HeadSize / 2;
        var (cosine, sine) = (new float[positions * half], new float[positions * half]);
        var tokensPerRadian = RotaryEmbedding.TokensPerRadian(config);
        for (var position = 0; position < positions; position++)
        {
            for (var d = 0; d < half; d++)
            {
                var angle = position / tokensPerRadian[d];
                (cosine[(position * half) + d], sine[(position * half) + d]) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
            }
        }

        return (cosine, sine);
    }
}
