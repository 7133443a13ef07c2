using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Keys and values of the tokens so far, a row a sequence. Rows may differ in length.</summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly Layer[] _layers;
    private readonly int? _window;
    private Tensor _hidden; // [B, 1, 1, S] bool
    private Tensor _windowHidden; // the same for layers that see a window only
    private int[] _lengths;

    /// <param name="lengths">Tokens of each row that are filled in first.</param>
    /// <param name="capacity">Tokens that a row can hold.</param>
    public KeyValueCache(ModelConfig config, IReadOnlyList<int> lengths, int capacity, ScalarType type, Device device)
    {
        _lengths = [.. lengths];
        _window = config.Window?.Width;
        _layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new Layer(
            zeros([lengths.Count, config.KeyValueHeads, capacity, config.HeadSize], type, device).DetachFromDisposeScope(),
            zeros([lengths.Count, config.KeyValueHeads, capacity, config.HeadSize], type, device).DetachFromDisposeScope()))];
        Positions = empty(0, int64).DetachFromDisposeScope();
        _hidden = _windowHidden = empty(0, @bool).DetachFromDisposeScope();
    }

    /// <summary>One layer's keys and values.</summary>
    public Layer this[int layer] => _layers[layer];

    /// <summary>[B] int64, where the new token of each row goes.</summary>
    public Tensor Positions { get; private set; }

    /// <summary>S, the length of the longest row with its new token.</summary>
    public int LongestLength { get; private set; }

    /// <summary>Makes room for one new token a row.</summary>
    public void Advance()
    {
        using var scope = NewDisposeScope();
        DisposeTables();
        LongestLength = _lengths.Max() + 1;
        Positions = tensor(_lengths.Select(n => (long)n).ToArray()).to(_layers[0].Device); // [B]
        var columns = arange(LongestLength, int64, _layers[0].Device); // [S]
        var ages = Positions.unsqueeze(1) - columns; // [B, S], how many tokens ago
        _hidden = Shape(ages < 0);
        _windowHidden = _window is { } window ? Shape(ages.lt(0).logical_or(ages.ge(window))) : _hidden;
        Positions = Positions.DetachFromDisposeScope();
        for (var i = 0; i < _lengths.Length; i++)
        {
            _lengths[i]++;
        }
    }

    /// <summary>[B, 1, 1, S] bool, true where a row has no token, or none that a layer with a window sees.</summary>
    public Tensor HiddenMask(bool isWindowed) => isWindowed ? _windowHidden : _hidden;

    /// <summary>Keeps the given rows, in the given order; a row may be named several times.</summary>
    public void Select(IReadOnlyList<int> rows)
    {
        using var index = tensor(rows.Select(r => (long)r).ToArray()).to(_layers[0].Device); // [rows]
        _lengths = [.. rows.Select(r => _lengths[r])];
        foreach (var layer in _layers)
        {
            layer.Select(index);
        }
    }

    public void Dispose()
    {
        DisposeTables();
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }
    }

    private Tensor Shape(Tensor mask) => mask.view(-1, 1, 1, LongestLength).DetachFromDisposeScope(); // [B, 1, 1, S]

    private void DisposeTables()
    {
        Positions.Dispose();
        _hidden.Dispose();
        _windowHidden.Dispose();
    }

    /// <summary>Keys and values of one layer, both [B, K, capacity, D].</summary>
    internal sealed class Layer(Tensor keys, Tensor values) : IDisposable
    {
        private Tensor _keys = keys;
        private Tensor _values = values;

        public Device Device => _keys.device;

        public void Fill(Tensor k, Tensor v)
        {
            _keys.narrow(2, 0, k.shape[2]).copy_(k);
            _values.narrow(2, 0, v.shape[2]).copy_(v);
        }

        public void Append(Tensor k, Tensor v, Tensor positions)
        {
            var index = positions.view(-1, 1, 1, 1).expand(k.shape); // [B, K, 1, D]
            _keys.scatter_(2, index, k);
            _values.scatter_(2, index, v);
        }

        public (Tensor Keys, Tensor Values) First(int length) => (_keys.narrow(2, 0, length), _values.narrow(2, 0, length));

        public void Select(Tensor index)
        {
            var (k, v) = (_keys.index_select(0, index).DetachFromDisposeScope(), _values.index_select(0, index).DetachFromDisposeScope());
            Dispose();
            (_keys, _values) = (k, v);
        }

        public void Dispose()
        {
            _keys.Dispose();
            _values.Dispose();
        }
    }
}
