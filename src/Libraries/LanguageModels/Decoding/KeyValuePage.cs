namespace Rlhf.LanguageModels.Decoding;

/// <summary>Keys and values of a stretch of a sequence, in all layers. Shared by all sequences that begin alike.</summary>
internal abstract class KeyValuePage : IDisposable
{
    private int _holders = 1;

    /// <summary>Another holder of the same page.</summary>
    public KeyValuePage Hold()
    {
        _holders++;
        return this;
    }

    /// <summary>A page of its own with the same numbers.</summary>
    public abstract KeyValuePage Copy();

    /// <summary>Lets go; the last holder's call frees the page.</summary>
    public void Dispose()
    {
        if (--_holders == 0)
        {
            Free();
        }
    }

    /// <summary>Gives the memory back.</summary>
    protected abstract void Free();
}
