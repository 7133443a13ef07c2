using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Keys and values of the tokens so far, a row a sequence. Rows may differ in length.</summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly Layer[] _layers;
    private int[] _lengths;

    /// <param name="lengths">Tokens of each row that are filled in first.</param>
    /// <param name="capacity">Tokens that a row can hold.</param>
    public KeyValueCache(ModelConfig config, IReadOnlyList<int> lengths, int capacity, ScalarType type, Device device)
    {
        _lengths = [.. lengths];
        _layers = [.. Enumerable.Range(0, config.Layers).Select(_ => new Layer(
            zeros([lengths.Count, config.KeyValueHeads, capacity, config.HeadSize], type, device).DetachFromDisposeScope(),
            zeros([lengths.Count, config.KeyValueHeads, capacity, config.HeadSize], type, device).DetachFromDisposeScope()))];
        Positions = empty(0, int64).DetachFromDisposeScope();
        HiddenMask = empty(0, @bool).DetachFromDisposeScope();
    }

    /// <summary>One layer's keys and values.</summary>
    public Layer this[int layer] => _layers[layer];

    /// <summary>[B] int64, where the new token of each row goes.</summary>
    public Tensor Positions { get; private set; }

    /// <summary>[B, 1, 1, S] bool, true where a row has no token.</summary>
    public Tensor HiddenMask { get; private set; }

    /// <summary>S, the length of the longest row with its new token.</summary>
    public int LongestLength { get; private set; }

    /// <summary>Makes room for one new token a row.</summary>
    public void Advance()
    {
        using var scope = NewDisposeScope();
        Positions.Dispose();
        HiddenMask.Dispose();
        LongestLength = _lengths.Max() + 1;
        Positions = tensor(_lengths.Select(n => (long)n).ToArray()).to(_layers[0].Device); // [B]
        var columns = arange(LongestLength, int64, _layers[0].Device); // [S]
        HiddenMask = (columns > Positions.unsqueeze(1)).view(-1, 1, 1, LongestLength).DetachFromDisposeScope(); // [B, 1, 1, S]
        Positions = Positions.DetachFromDisposeScope();
        for (var i = 0; i < _lengths.Length; i++)
        {
            _lengths[i]++;
        }
    }

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
        Positions.Dispose();
        HiddenMask.Dispose();
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }
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
