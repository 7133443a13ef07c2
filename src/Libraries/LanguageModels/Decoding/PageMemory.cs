using System.Runtime.InteropServices;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// Memory for pages of keys and values. It comes from the system in pieces of several pages, and is used again: a piece lies in huge
/// pages, and asking the system for each page alone costs a fault every 4 KB. For one thread at a time.
/// </summary>
/// <param name="pageLength">Numbers of a page.</param>
internal sealed unsafe class PageMemory(long pageLength) : IDisposable
{
    private const int FirstPages = 8;
    private const long LargestPiece = 8 << 20; // bytes

    private readonly List<AlignedBuffer<float>> _pieces = [];
    private readonly Stack<nint> _free = new();
    private int _pages;

    /// <summary>The address of a page whose numbers are 0.</summary>
    public nint Take()
    {
        if (_free.Count == 0)
        {
            Grow();
        }

        var page = _free.Pop();
        NativeMemory.Clear((void*)page, (nuint)pageLength * sizeof(float));
        return page;
    }

    /// <summary>Lets others have a page. When all are back, the system gets the memory.</summary>
    public void GiveBack(nint page)
    {
        _free.Push(page);
        if (_free.Count == _pages && _pieces.Count > 1)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        _pieces.ForEach(piece => piece.Dispose());
        _pieces.Clear();
        _free.Clear();
        _pages = 0;
    }

    private void Grow()
    {
        var pages = (int)Math.Max(1, Math.Min(Math.Max(FirstPages, _pages), LargestPiece / (pageLength * sizeof(float))));
        var piece = new AlignedBuffer<float>(pages * pageLength, isCleared: false);
        _pieces.Add(piece);
        _pages += pages;
        for (var page = pages - 1; page >= 0; page--)
        {
            _free.Push((nint)(piece.Pointer + (page * pageLength)));
        }
    }
}
