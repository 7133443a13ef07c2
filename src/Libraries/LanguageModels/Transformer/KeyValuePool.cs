using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>
/// Keys and values of many sequences on a device, in pages that sequences take and give back (Kwon et al. 2023, "PagedAttention",
/// arXiv:2309.06180). Grows as it must, never shrinks.
/// </summary>
internal sealed class KeyValuePool : IDisposable
{
    /// <summary>A page that nobody writes to: what stands where a sequence has fewer pages than others.</summary>
    public const int EmptyPage = 0;

    private const int FirstPages = 64;

    private readonly Stack<int> _free = new();
    private readonly int _positions;
    private Tensor _keys; // [pages, layers, positions, K, D]
    private Tensor _values; // [pages, layers, positions, K, D]

    /// <param name="config">The model's shape.</param>
    /// <param name="positions">Positions a page.</param>
    /// <param name="type">Of keys and values.</param>
    /// <param name="device">Where they are.</param>
    public KeyValuePool(ModelConfig config, int positions, ScalarType type, Device device)
    {
        _positions = positions;
        long[] shape = [FirstPages, config.Layers, positions, config.KeyValueHeads, config.HeadSize];
        (_keys, _values) = (zeros(shape, type, device).DetachFromDisposeScope(), zeros(shape, type, device).DetachFromDisposeScope());
        Free(EmptyPage + 1, FirstPages);
    }

    /// <summary>A page for new tokens.</summary>
    public int Take()
    {
        if (_free.Count == 0)
        {
            Grow();
        }

        // Hidden positions count nothing, but nothing times infinity is no number: an earlier sequence's values must go.
        using var scope = NewDisposeScope();
        var page = _free.Pop();
        _values.select(0, page).zero_(); // [layers, positions, K, D]
        return page;
    }

    /// <summary>Lets others have a page.</summary>
    public void GiveBack(int page) => _free.Push(page);

    /// <summary>Copies a page's keys and values over another's.</summary>
    public void Copy(int from, int to)
    {
        using var scope = NewDisposeScope();
        _keys.select(0, to).copy_(_keys.select(0, from)); // [layers, positions, K, D]
        _values.select(0, to).copy_(_values.select(0, from)); // [layers, positions, K, D]
    }

    /// <summary>Writes one position a row.</summary>
    /// <param name="layer">Which layer's.</param>
    /// <param name="pages">[R] int64, each row's page.</param>
    /// <param name="places">[R] int64, where in it.</param>
    /// <param name="keys">[R, K, D].</param>
    /// <param name="values">[R, K, D].</param>
    public void Write(int layer, Tensor pages, Tensor places, Tensor keys, Tensor values)
    {
        _keys.select(1, layer).index_put_(keys, TensorIndex.Tensor(pages), TensorIndex.Tensor(places)); // [pages, positions, K, D]
        _values.select(1, layer).index_put_(values, TensorIndex.Tensor(pages), TensorIndex.Tensor(places)); // [pages, positions, K, D]
    }

    /// <summary>The keys and values of lists of pages, one list a sequence.</summary>
    /// <param name="layer">Which layer's.</param>
    /// <param name="pages">[B, N] int64.</param>
    /// <returns>[B, K, S, D] both, with S = N · positions.</returns>
    public (Tensor Keys, Tensor Values) Read(int layer, Tensor pages)
    {
        Tensor Gather(Tensor all) => all.select(1, layer).index_select(0, pages.flatten()) // [B · N, positions, K, D]
            .view(pages.shape[0], pages.shape[1] * _positions, all.shape[3], all.shape[4]).transpose(1, 2); // [B, K, S, D]
        return (Gather(_keys), Gather(_values));
    }

    public void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }

    private void Grow()
    {
        var pages = _keys.shape[0];
        (_keys, _values) = (Larger(_keys), Larger(_values));
        Free((int)pages, (int)(2 * pages));
    }

    private static Tensor Larger(Tensor all)
    {
        using var scope = NewDisposeScope();
        long[] shape = [2 * all.shape[0], .. all.shape[1..]];
        var larger = zeros(shape, all.dtype, all.device); // [2 · pages, layers, positions, K, D]
        larger.narrow(0, 0, all.shape[0]).copy_(all); // [pages, layers, positions, K, D]
        all.Dispose();
        return larger.DetachFromDisposeScope();
    }

    private void Free(int first, int end)
    {
        // The lowest come first.
        for (var page = end - 1; page >= first; page--)
        {
            _free.Push(page);
        }
    }
}
