namespace Rlhf.LanguageModels.Decoding;

/// <summary>A sequence's keys and values. Sequences of one model belong to one thread.</summary>
public sealed class DecodingSequence : IDisposable
{
    private readonly KeyValueShape _shape;
    private readonly Func<KeyValuePage> _newPage;
    private readonly List<KeyValuePage> _pages = [];
    private int _released;

    internal DecodingSequence(KeyValueShape shape, Func<KeyValuePage> newPage) => (_shape, _newPage) = (shape, newPage);

    /// <summary>Tokens so far.</summary>
    public int Length { get; private set; }

    /// <summary>Tokens whose keys and values are in memory, in whole pages; fewer than <see cref="Length"/> where no layer sees all.</summary>
    public int HeldTokens => (_pages.Count - _released) * _shape.Positions;

    internal KeyValueShape Shape => _shape;

    internal IReadOnlyList<KeyValuePage> Pages => _pages;

    /// <summary>Pages at the front that have left every layer's window; they are freed.</summary>
    internal int ReleasedPages => _released;

    /// <summary>A sequence that begins with the same tokens. Full pages are shared, so it costs next to nothing.</summary>
    public DecodingSequence Fork()
    {
        var fork = new DecodingSequence(_shape, _newPage) { Length = Length, _released = _released };
        foreach (var (index, page) in _pages.Index())
        {
            fork._pages.Add(index < _released ? page : (index + 1) * _shape.Positions <= Length ? page.Hold() : page.Copy());
        }

        return fork;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var page in _pages.Skip(_released))
        {
            page.Dispose();
        }

        _pages.Clear();
        (Length, _released) = (0, 0);
    }

    /// <summary>Undoes the newest <see cref="Append"/>, before anything was written.</summary>
    internal void TakeBack() => Length--;

    /// <summary>Makes room for one more token; returns its position.</summary>
    internal int Append()
    {
        if (Length == _pages.Count * _shape.Positions)
        {
            _pages.Add(_newPage());
            Release();
        }

        return Length++;
    }

    // What no row of a step can see any more, the first of a full step included.
    private void Release()
    {
        for (; _shape.Window is { } window && _released < (Length - window - DecodingModel.MaxRows) / _shape.Positions; _released++)
        {
            _pages[_released].Dispose();
        }
    }
}
