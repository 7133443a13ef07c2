namespace Rlhf.LanguageModels.Decoding;

/// <summary>A sequence's keys and values. Sequences of one model belong to one thread.</summary>
public sealed class DecodingSequence : IDisposable
{
    private readonly KeyValueShape _shape;
    private readonly List<KeyValuePage> _pages = [];

    internal DecodingSequence(KeyValueShape shape) => _shape = shape;

    /// <summary>Tokens so far.</summary>
    public int Length { get; private set; }

    internal KeyValueShape Shape => _shape;

    internal IReadOnlyList<KeyValuePage> Pages => _pages;

    /// <summary>A sequence that begins with the same tokens. Full pages are shared, so it costs next to nothing.</summary>
    public DecodingSequence Fork()
    {
        var fork = new DecodingSequence(_shape) { Length = Length };
        foreach (var (index, page) in _pages.Index())
        {
            fork._pages.Add((index + 1) * _shape.Positions <= Length ? page.Hold() : page.Copy());
        }

        return fork;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pages.ForEach(page => page.Dispose());
        _pages.Clear();
        Length = 0;
    }

    /// <summary>Undoes the newest <see cref="Append"/>, before anything was written.</summary>
    internal void TakeBack() => Length--;

    /// <summary>Makes room for one more token; returns its position.</summary>
    internal int Append()
    {
        if (Length == _pages.Count * _shape.Positions)
        {
            _pages.Add(new KeyValuePage(_shape));
        }

        return Length++;
    }
}
