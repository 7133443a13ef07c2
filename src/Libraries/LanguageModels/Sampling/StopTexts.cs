namespace Rlhf.LanguageModels.Sampling;

/// <summary>Looks for stop texts in a text that grows, and holds back what may become one.</summary>
internal sealed class StopTexts(IReadOnlyList<string> stops)
{
    private string _held = "";

    /// <summary>Whether a stop text has come.</summary>
    public bool IsFound { get; private set; }

    /// <summary>Takes more text.</summary>
    /// <returns>What is certainly not part of a stop text, up to the first one.</returns>
    public string Append(string text)
    {
        if (IsFound || text.Length == 0)
        {
            return "";
        }

        _held += text;
        var first = stops.Select(stop => _held.IndexOf(stop, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        IsFound = first >= 0;
        var released = _held[..(IsFound ? first : _held.Length - LongestBeginning())];
        _held = IsFound ? "" : _held[released.Length..];
        return released;
    }

    /// <summary>What was held back and is no stop text after all.</summary>
    public string Flush()
    {
        var held = _held;
        _held = "";
        return held;
    }

    // The longest end of the held text with which a stop text begins.
    private int LongestBeginning()
    {
        var longest = 0;
        foreach (var stop in stops)
        {
            for (var length = Math.Min(stop.Length - 1, _held.Length); length > longest; length--)
            {
                if (_held.AsSpan(_held.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}
