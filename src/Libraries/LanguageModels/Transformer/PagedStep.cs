using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>
/// One step's rows and what each sees. Sequences with equally many rows attend together, so that a prompt's part does not widen
/// the answers beside it. Its tensors belong to the caller's scope.
/// </summary>
internal sealed class PagedStep
{
    private readonly KeyValuePool _pool;
    private readonly Tensor _pages; // [R] int64, where each row's keys and values go
    private readonly Tensor _places; // [R] int64, where in the page

    /// <param name="config">The model's shape.</param>
    /// <param name="pool">Where keys and values are kept.</param>
    /// <param name="positionsOfPage">Positions a page.</param>
    /// <param name="sequences">Those with equally many rows stand together.</param>
    /// <param name="device">Where the model is.</param>
    public PagedStep(ModelConfig config, KeyValuePool pool, int positionsOfPage, IReadOnlyList<SequenceRows> sequences, Device device)
    {
        _pool = pool;
        var positions = sequences.SelectMany(sequence => Enumerable.Range(sequence.FirstPosition, sequence.Rows)).ToArray();
        var pages = sequences.SelectMany(sequence => Enumerable.Range(sequence.FirstPosition, sequence.Rows)
            .Select(position => (long)sequence.Pages[(position / positionsOfPage) - sequence.FirstPage])).ToArray();
        Length = positions.Max() + 1;
        Positions = Whole(positions.Select(position => (long)position), device); // [R]
        _pages = Whole(pages, device); // [R]
        _places = Whole(positions.Select(position => (long)(position % positionsOfPage)), device); // [R]
        var buckets = new List<RowBucket>();
        var row = 0;
        foreach (var bucket in sequences.GroupBy(sequence => sequence.Rows))
        {
            buckets.Add(RowBucket.Of([.. bucket], row, positionsOfPage, config.Window?.Width, device));
            row += bucket.Key * bucket.Count();
        }

        Buckets = buckets;
    }

    /// <summary>[R] int64, each row's position in its sequence.</summary>
    public Tensor Positions { get; }

    /// <summary>All positions are below it.</summary>
    public int Length { get; }

    /// <summary>The rows, in their order.</summary>
    public IReadOnlyList<RowBucket> Buckets { get; }

    /// <summary>Keeps a layer's keys and values.</summary>
    /// <param name="layer">Which layer's.</param>
    /// <param name="keys">[R, K, D].</param>
    /// <param name="values">[R, K, D].</param>
    public void Keep(int layer, Tensor keys, Tensor values) => _pool.Write(layer, _pages, _places, keys, values);

    /// <summary>What a bucket's sequences hold, newest rows included: [B, K, S, D] both.</summary>
    public (Tensor Keys, Tensor Values) Held(int layer, RowBucket bucket) => _pool.Read(layer, bucket.Pages);

    /// <summary>Numbers as a tensor [N] int64.</summary>
    public static Tensor Whole(IEnumerable<long> numbers, Device device) => tensor(numbers.ToArray()).to(device); // [N]
}
