using System.Numerics.Tensors;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>The transformer's forward pass over packed weights; every thread does its share of each product.</summary>
/// <typeparam name="TVector">A register.</typeparam>
/// <typeparam name="TLanes">Arithmetic on registers; keys and values are kept as float32.</typeparam>
/// <typeparam name="TWeight">A kept weight.</typeparam>
/// <typeparam name="TWeights">What weights are kept as.</typeparam>
internal sealed unsafe class PackedModel<TVector, TLanes, TWeight, TWeights> : PackedDecodingModel
    where TVector : struct
    where TLanes : struct, ILanes<TVector>, IWeights<TVector, float>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    private const int Alignment = 16; // numbers a cache line: equal alignment, equal rounding

    private readonly WorkerTeam _team;
    private readonly KeyValueShape _shape;
    private readonly PageMemory _pages;
    private readonly PackedWeights<TVector, TLanes, TWeight, TWeights> _weights;
    private readonly int _queryWidth;
    private readonly int _width; // of a row of the stream, rounded up

    private readonly AlignedBuffer<float> _stream; // x [R, C]
    private readonly AlignedBuffer<float> _normalised; // [R, C]
    private readonly AlignedBuffer<float> _queriesKeysValues; // [R, H·D + 2·K·D]
    private readonly AlignedBuffer<float> _attended; // [R, H·D]
    private readonly AlignedBuffer<float> _added; // [R, C]
    private readonly AlignedBuffer<float> _inner; // [R, F or 2F]
    private readonly AlignedBuffer<float> _hidden; // [R, F]
    private readonly AlignedBuffer<float> _asked; // [asked, C]
    private readonly PackedAttention<TVector, TLanes> _attention;
    private AlignedBuffer<float> _logits; // [asked, V]

    private readonly DecodingSequence[] _sequences = new DecodingSequence[MaxRows];
    private readonly int[] _tokens = new int[MaxRows];
    private readonly int[] _positions = new int[MaxRows];
    private readonly int[] _askedRows = new int[MaxRows];
    private readonly Action<int> _forward;
    private int _rows;
    private int _askedCount;

    public PackedModel(ModelConfig config, int threads, bool hasLogits)
    {
        Config = config;
        _team = new WorkerTeam(threads);
        _shape = KeyValueShape.Of(Config, PackedMatrix<TVector, TLanes, TWeight, TWeights>.PanelWidth);
        _pages = new PageMemory(_shape.PageLength);
        _queryWidth = Config.Heads * Config.HeadSize;
        _width = RoundUp(Config.HiddenSize);
        _weights = new(Config, hasLogits);
        _attention = new(Config, _shape, threads);

        _stream = new((long)MaxRows * _width);
        _normalised = new((long)MaxRows * _width);
        _queriesKeysValues = new((long)MaxRows * _weights.Layers[0].QueryKeyValue.Stride);
        _attended = new((long)MaxRows * RoundUp(_queryWidth));
        _added = new((long)MaxRows * Math.Max(_weights.Layers[0].Output.Stride, _weights.Layers[0].Down.Stride));
        _inner = new((long)MaxRows * _weights.Layers[0].Inner.Stride);
        _hidden = new((long)MaxRows * RoundUp(Config.IntermediateSize));
        _asked = new((long)MaxRows * _width);
        _logits = new(_weights.Head?.Stride ?? 0);
        _forward = Forward;
    }

    public override ModelConfig Config { get; }

    public override long WeightBytes => _weights.Bytes;

    internal override void Take(ModelViews views, IWeightStore store, LowRankChanges? changes) => _weights.Take(views, store, changes, _team);

    public override DecodingSequence NewSequence() => new(_shape, () => new MemoryPage(_shape, _pages));

    public override void Append(ReadOnlySpan<DecodingRow> rows)
    {
        _askedCount = 0;
        Extend(rows, _positions);
        _rows = rows.Length;
        var longest = 0;
        for (var row = 0; row < rows.Length; row++)
        {
            (_sequences[row], _tokens[row]) = (rows[row].Sequence, rows[row].Token);
            longest = Math.Max(longest, _positions[row] + 1);
            if (rows[row].IsAsked)
            {
                _askedRows[_askedCount++] = row;
            }
        }

        var logits = (long)_askedCount * (_weights.Head?.Stride ?? 0);
        if (_logits.Length < logits)
        {
            _logits.Dispose();
            _logits = new(logits);
        }

        _attention.Reserve(longest);
        _team.Run(_forward);
    }

    public override Span<float> Logits(int index)
    {
        var stride = _weights.Head?.Stride ?? 0;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, stride == 0 ? 0 : (uint)_askedCount, nameof(index));
        return new(_logits.Pointer + ((nint)index * stride), Config.VocabularySize);
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
        foreach (var buffer in (AlignedBuffer<float>[])[_stream, _normalised, _queriesKeysValues, _attended, _added, _inner, _hidden, _asked, _logits])
        {
            buffer.Dispose();
        }

        _attention.Dispose();
        _pages.Dispose();
        _weights.Dispose();
    }

    // One thread's share; threads meet where one needs what another has made.
    private void Forward(int worker)
    {
        var workers = _team.Workers;
        var (first, end) = (_rows * worker / workers, _rows * (worker + 1) / workers);
        for (var row = first; row < end; row++)
        {
            _weights.Embedding.Read(_tokens[row], _positions[row], Row(_stream, row));
            _weights.Layers[0].AttentionNorm.Apply(Row(_stream, row), Row(_normalised, row));
        }

        for (var i = 0; i < _weights.Layers.Length; i++)
        {
            var layer = _weights.Layers[i];
            _team.Meet();
            layer.QueryKeyValue.Multiply(_normalised.Pointer, _width, _rows, _queriesKeysValues.Pointer, worker, workers);
            _team.Meet();
            for (var row = first; row < end; row++)
            {
                _attention.Keep(i, QueriesKeysValues(row), _sequences[row], _positions[row], layer.QueryNorm, layer.KeyNorm);
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
                AddAndNormalise(row, layer.Output.Stride, layer.AttentionPostNorm, layer.FeedForwardNorm);
            }

            _team.Meet();
            layer.Inner.Multiply(_normalised.Pointer, _width, _rows, _inner.Pointer, worker, workers);
            _team.Meet();
            for (var row = first; row < end; row++)
            {
                Activate(row, layer.Inner.Stride);
            }

            _team.Meet();
            layer.Down.Multiply(_hidden.Pointer, RoundUp(Config.IntermediateSize), _rows, _added.Pointer, worker, workers);
            _team.Meet();
            for (var row = first; row < end; row++)
            {
                AddAndNormalise(row, layer.Down.Stride, layer.FeedForwardPostNorm, i + 1 < _weights.Layers.Length ? _weights.Layers[i + 1].AttentionNorm : _weights.Norm);
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

        if (_weights.Head is null)
        {
            return;
        }

        _team.Meet();
        _weights.Head.Multiply(_asked.Pointer, _width, _askedCount, _logits.Pointer, worker, workers);
        if (Config.LogitSoftCap is { } cap)
        {
            _team.Meet();
            for (var index = worker; index < _askedCount; index += workers)
            {
                PackedActivation.Cap(Logits(index), cap);
            }
        }
    }

    private float* QueriesKeysValues(int row) => _queriesKeysValues.Pointer + ((nint)row * _weights.Layers[0].QueryKeyValue.Stride);

    private Span<float> Row(AlignedBuffer<float> of, int row) => new(of.Pointer + ((nint)row * _width), Config.HiddenSize);

    private void AddAndNormalise(int row, int addedStride, PackedNorm? postNorm, PackedNorm norm)
    {
        var x = Row(_stream, row);
        var added = new Span<float>(_added.Pointer + ((nint)row * addedStride), x.Length);
        postNorm?.Apply(added, added);
        TensorPrimitives.Add(x, added, x);
        norm.Apply(x, Row(_normalised, row));
    }

    private void Activate(int row, int innerStride)
    {
        var width = Config.IntermediateSize;
        var inner = _inner.Pointer + ((nint)row * innerStride);
        var hidden = new Span<float>(_hidden.Pointer + ((nint)row * RoundUp(width)), width);
        PackedActivation.Apply(Config.Activation, new ReadOnlySpan<float>(inner, width), hidden);
        if (Config.HasGate)
        {
            TensorPrimitives.Multiply(hidden, new ReadOnlySpan<float>(inner + width, width), hidden);
        }
    }

    private static int RoundUp(int count) => (count + Alignment - 1) / Alignment * Alignment;
}
