using System.Numerics.Tensors;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>The transformer's forward pass over packed weights; every thread does its share of each product.</summary>
/// <typeparam name="TVector">A register.</typeparam>
/// <typeparam name="TLanes">Arithmetic on registers; keys and values are kept as float32.</typeparam>
/// <typeparam name="TWeight">A kept weight.</typeparam>
/// <typeparam name="TWeights">What weights are kept as.</typeparam>
internal sealed unsafe class PackedModel<TVector, TLanes, TWeight, TWeights> : DecodingModel
    where TVector : struct
    where TLanes : struct, ILanes<TVector>, IWeights<TVector, float>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    private const int Alignment = 16; // numbers a cache line: equal alignment, equal rounding

    private readonly WorkerTeam _team;
    private readonly KeyValueShape _shape;
    private readonly Layer[] _layers;
    private readonly PackedMatrix<TVector, TLanes, TWeight, TWeights> _head;
    private readonly PackedMatrix<TVector, TLanes, TWeight, TWeights> _embedding;
    private readonly float[] _norm;
    private readonly int _queryWidth;
    private readonly int _keyValueWidth;
    private readonly int _width; // of a row of the stream, rounded up

    private readonly AlignedBuffer<float> _stream; // x [R, C]
    private readonly AlignedBuffer<float> _normalised; // [R, C]
    private readonly AlignedBuffer<float> _queriesKeysValues; // [R, H·D + 2·K·D]
    private readonly AlignedBuffer<float> _attended; // [R, H·D]
    private readonly AlignedBuffer<float> _added; // [R, C]
    private readonly AlignedBuffer<float> _gateUp; // [R, 2F]
    private readonly AlignedBuffer<float> _hidden; // [R, F]
    private readonly AlignedBuffer<float> _asked; // [asked, C]
    private readonly PackedAttention<TVector, TLanes> _attention;
    private AlignedBuffer<float> _logits; // [asked, V]

    private readonly DecodingSequence[] _sequences = new DecodingSequence[MaxRows];
    private readonly int[] _tokens = new int[MaxRows];
    private readonly int[] _positions = new int[MaxRows];
    private readonly int[] _askedRows = new int[MaxRows];
    private readonly Action<int> _forward;
    private readonly bool _hasLogits;
    private int _rows;
    private int _askedCount;

    public PackedModel(CausalLanguageModel model, int threads, bool hasLogits)
    {
        (Config, _hasLogits) = (model.Config, hasLogits);
        _team = new WorkerTeam(threads);
        _shape = new KeyValueShape(Config.Layers, Config.KeyValueHeads, Config.HeadSize, PackedMatrix<TVector, TLanes, TWeight, TWeights>.PanelWidth);
        (_queryWidth, _keyValueWidth) = (Config.Heads * Config.HeadSize, Config.KeyValueHeads * Config.HeadSize);
        _width = RoundUp(Config.HiddenSize);
        _layers = [.. Enumerable.Range(0, Config.Layers).Select(_ => new Layer(
            new(Config.HiddenSize, _queryWidth + (2 * _keyValueWidth)),
            new(_queryWidth, Config.HiddenSize),
            new(Config.HiddenSize, 2 * Config.IntermediateSize),
            new(Config.IntermediateSize, Config.HiddenSize),
            new float[Config.HiddenSize],
            new float[Config.HiddenSize]))];
        _norm = new float[Config.HiddenSize];
        _head = new(Config.HiddenSize, Config.VocabularySize);
        _embedding = Config.HasTiedHead ? _head : new(Config.HiddenSize, Config.VocabularySize);
        _attention = new(Config, _shape, threads);

        _stream = new((long)MaxRows * _width);
        _normalised = new((long)MaxRows * _width);
        _queriesKeysValues = new((long)MaxRows * _layers[0].QueryKeyValue.Stride);
        _attended = new((long)MaxRows * RoundUp(_queryWidth));
        _added = new((long)MaxRows * Math.Max(_layers[0].Output.Stride, _layers[0].Down.Stride));
        _gateUp = new((long)MaxRows * _layers[0].GateUp.Stride);
        _hidden = new((long)MaxRows * RoundUp(Config.IntermediateSize));
        _asked = new((long)MaxRows * _width);
        _logits = new(_head.Stride);
        _forward = Forward;
        Repack(model);
    }

    public override ModelConfig Config { get; }

    public override long WeightBytes =>
        _layers.Sum(layer => layer.QueryKeyValue.Bytes + layer.Output.Bytes + layer.GateUp.Bytes + layer.Down.Bytes)
        + _head.Bytes + (ReferenceEquals(_head, _embedding) ? 0 : _embedding.Bytes);

    public override void Repack(CausalLanguageModel model)
    {
        if (model.Config != Config)
        {
            throw new ArgumentException("The model has another shape.", nameof(model));
        }

        Tensor Weight(string name) => model.Parameters[name + ".weight"];
        for (var i = 0; i < _layers.Length; i++)
        {
            var (layer, prefix) = (_layers[i], $"model.layers.{i}");
            layer.QueryKeyValue.Pack(Weight($"{prefix}.self_attn.q_proj"), 0);
            layer.QueryKeyValue.Pack(Weight($"{prefix}.self_attn.k_proj"), _queryWidth);
            layer.QueryKeyValue.Pack(Weight($"{prefix}.self_attn.v_proj"), _queryWidth + _keyValueWidth);
            layer.Output.Pack(Weight($"{prefix}.self_attn.o_proj"), 0);
            layer.GateUp.Pack(Weight($"{prefix}.mlp.gate_proj"), 0);
            layer.GateUp.Pack(Weight($"{prefix}.mlp.up_proj"), Config.IntermediateSize);
            layer.Down.Pack(Weight($"{prefix}.mlp.down_proj"), 0);
            Copy(Weight($"{prefix}.input_layernorm"), layer.AttentionNorm);
            Copy(Weight($"{prefix}.post_attention_layernorm"), layer.FeedForwardNorm);
        }

        Copy(Weight("model.norm"), _norm);
        _head.Pack(Weight(Config.HasTiedHead ? "model.embed_tokens" : "lm_head"), 0);
        if (!ReferenceEquals(_head, _embedding))
        {
            _embedding.Pack(Weight("model.embed_tokens"), 0);
        }
    }

    public override DecodingSequence NewSequence() => new(_shape);

    public override void Append(ReadOnlySpan<DecodingRow> rows)
    {
        if (rows.Length is 0 or > MaxRows)
        {
            throw new ArgumentException($"A step has {rows.Length} rows; 1 to {MaxRows} are possible.", nameof(rows));
        }

        (_rows, _askedCount) = (rows.Length, 0);
        var longest = 0;
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row].Sequence.Length >= Config.ContextLength)
            {
                for (var moved = 0; moved < row; moved++)
                {
                    rows[moved].Sequence.TakeBack();
                }

                _askedCount = 0;
                throw new ArgumentException($"A sequence has the context's {Config.ContextLength} tokens already.", nameof(rows));
            }

            (_sequences[row], _tokens[row]) = (rows[row].Sequence, rows[row].Token);
            _positions[row] = rows[row].Sequence.Append();
            longest = Math.Max(longest, rows[row].Sequence.Length);
            if (rows[row].IsAsked)
            {
                _askedRows[_askedCount++] = row;
            }
        }

        if (_hasLogits && _logits.Length < (long)_askedCount * _head.Stride)
        {
            _logits.Dispose();
            _logits = new((long)_askedCount * _head.Stride);
        }

        _attention.Reserve(longest);
        _team.Run(_forward);
    }

    public override Span<float> Logits(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, _hasLogits ? (uint)_askedCount : 0, nameof(index));
        return new(_logits.Pointer + ((nint)index * _head.Stride), Config.VocabularySize);
    }

    public override ReadOnlySpan<float> Hidden(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_askedCount, nameof(index));
        return Row(_asked, index);
    }

    public override void OnAllThreads(Action<int, int> work) => _team.Run(worker => work(worker, _team.Workers));

    public override void Dispose()
    {
        _team.Dispose();
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }

        foreach (var buffer in (AlignedBuffer<float>[])[_stream, _normalised, _queriesKeysValues, _attended, _added, _gateUp, _hidden, _asked, _logits])
        {
            buffer.Dispose();
        }

        _attention.Dispose();
        _embedding.Dispose();
        _head.Dispose();
    }

    // One thread's share; threads meet where one needs what another has made.
    private void Forward(int worker)
    {
        var workers = _team.Workers;
        var (first, end) = (_rows * worker / workers, _rows * (worker + 1) / workers);
        for (var row = first; row < end; row++)
        {
            _embedding.ReadOutput(_tokens[row], Row(_stream, row));
            Normalise(Row(_stream, row), _layers[0].AttentionNorm, _normalised.Pointer + (row * _width));
        }

        for (var i = 0; i < _layers.Length; i++)
        {
            var layer = _layers[i];
            _team.Meet();
            layer.QueryKeyValue.Multiply(_normalised.Pointer, _width, _rows, _queriesKeysValues.Pointer, worker, workers);
            _team.Meet();
            for (var row = first; row < end; row++)
            {
                _attention.Keep(i, QueriesKeysValues(row), _sequences[row], _positions[row]);
            }

            _team.Meet();
            var units = _rows * Config.KeyValueHeads;
            for (var unit = units * worker / workers; unit < units * (worker + 1) / workers; unit++)
            {
                var (row, head) = Math.DivRem(unit, Config.KeyValueHeads);
                _attention.Attend(i, head, QueriesKeysValues(row), _sequences[row], _positions[row], _attended.Pointer + ((nint)row * RoundUp(_queryWidth)), worker);
            }

            _team.Meet();
            layer.Output.Multiply(_attended.Pointer, RoundUp(_queryWidth), _rows, _added.Pointer, worker, workers);
            _team.Meet();
            for (var row = first; row < end; row++)
            {
                AddAndNormalise(row, layer.Output.Stride, layer.FeedForwardNorm);
            }

            _team.Meet();
            layer.GateUp.Multiply(_normalised.Pointer, _width, _rows, _gateUp.Pointer, worker, workers);
            _team.Meet();
            for (var row = first; row < end; row++)
            {
                Gate(row, layer.GateUp.Stride);
            }

            _team.Meet();
            layer.Down.Multiply(_hidden.Pointer, RoundUp(Config.IntermediateSize), _rows, _added.Pointer, worker, workers);
            _team.Meet();
            for (var row = first; row < end; row++)
            {
                AddAndNormalise(row, layer.Down.Stride, i + 1 < _layers.Length ? _layers[i + 1].AttentionNorm : _norm);
            }
        }

        _team.Meet();
        if (worker == 0)
        {
            for (var index = 0; index < _askedCount; index++)
            {
                Row(_normalised, _askedRows[index]).CopyTo(Row(_asked, index));
            }
        }

        if (!_hasLogits)
        {
            return;
        }

        _team.Meet();
        _head.Multiply(_asked.Pointer, _width, _askedCount, _logits.Pointer, worker, workers);
    }

    private float* QueriesKeysValues(int row) => _queriesKeysValues.Pointer + ((nint)row * _layers[0].QueryKeyValue.Stride);

    private Span<float> Row(AlignedBuffer<float> of, int row) => new(of.Pointer + ((nint)row * _width), Config.HiddenSize);

    private void Normalise(ReadOnlySpan<float> x, float[] weight, float* to)
    {
        var y = new Span<float>(to, x.Length);
        var inverse = (float)(1 / Math.Sqrt((TensorPrimitives.SumOfSquares(x) / x.Length) + Config.NormEpsilon));
        TensorPrimitives.Multiply(x, inverse, y);
        TensorPrimitives.Multiply(y, weight, y);
    }

    private void AddAndNormalise(int row, int addedStride, float[] weight)
    {
        var x = Row(_stream, row);
        TensorPrimitives.Add(x, new ReadOnlySpan<float>(_added.Pointer + ((nint)row * addedStride), x.Length), x);
        Normalise(x, weight, _normalised.Pointer + ((nint)row * _width));
    }

    private void Gate(int row, int gateUpStride)
    {
        var width = Config.IntermediateSize;
        var gate = new ReadOnlySpan<float>(_gateUp.Pointer + ((nint)row * gateUpStride), width);
        var up = new ReadOnlySpan<float>(_gateUp.Pointer + ((nint)row * gateUpStride) + width, width);
        var hidden = new Span<float>(_hidden.Pointer + ((nint)row * RoundUp(width)), width);
        TensorPrimitives.Sigmoid(gate, hidden);
        TensorPrimitives.Multiply(hidden, gate, hidden);
        TensorPrimitives.Multiply(hidden, up, hidden);
    }

    private static int RoundUp(int count) => (count + Alignment - 1) / Alignment * Alignment;

    private static void Copy(Tensor from, float[] to)
    {
        using var numbers = from.detach().to(float32);
        numbers.data<float>().CopyTo(to);
    }

    private sealed record Layer(
        PackedMatrix<TVector, TLanes, TWeight, TWeights> QueryKeyValue,
        PackedMatrix<TVector, TLanes, TWeight, TWeights> Output,
        PackedMatrix<TVector, TLanes, TWeight, TWeights> GateUp,
        PackedMatrix<TVector, TLanes, TWeight, TWeights> Down,
        float[] AttentionNorm,
        float[] FeedForwardNorm) : IDisposable
    {
        public void Dispose()
        {
            QueryKeyValue.Dispose();
            Output.Dispose();
            GateUp.Dispose();
            Down.Dispose();
        }
    }
}
