using Rlhf.LanguageModels.Decoding;

namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>
/// Memory for keys and values. What a sequence may grow to is taken when it begins, so that whatever has begun can end.
/// </summary>
/// <param name="shape">What a page holds.</param>
/// <param name="bytes">All there is; a page that does not fit wholly is not used.</param>
internal sealed class KeyValueBudget(KeyValueShape shape, long bytes)
{
    private readonly long _capacity = bytes / shape.PageBytes;
    private long _taken;

    /// <summary>Pages of a prompt.</summary>
    public long PagesOf(int promptLength) => Pages(promptLength);

    /// <summary>Pages of what is appended to a copy of the prompt's sequence: its full pages are shared, the last one is copied.</summary>
    public long PagesBehind(int promptLength, int added) => added == 0 ? 0 : Pages(promptLength + added) - (promptLength / shape.Positions);

    /// <summary>Tokens that fit when there is nothing else.</summary>
    public long Tokens => _capacity > long.MaxValue / shape.Positions ? long.MaxValue : _capacity * shape.Positions;

    /// <summary>Whether there is ever room for so many pages.</summary>
    public bool CanEverHold(long pages) => pages <= _capacity;

    /// <summary>Takes the pages, if there is room now.</summary>
    public bool TryTake(long pages)
    {
        if (_taken + pages > _capacity)
        {
            return false;
        }

        _taken += pages;
        return true;
    }

    public void GiveBack(long pages) => _taken -= pages;

    private long Pages(int tokens) => ((long)tokens + shape.Positions - 1) / shape.Positions;
}
