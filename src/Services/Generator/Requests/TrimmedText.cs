namespace Rlhf.Generator.Requests;

/// <summary>Takes a text in parts and gives it on without the white space at its ends: what may be the end waits for more.</summary>
internal sealed class TrimmedText
{
    private string _space = "";
    private bool _hasBegun;

    /// <summary>What can go on now.</summary>
    public string Append(string part)
    {
        var text = _hasBegun ? _space + part : part.TrimStart();
        var end = text.TrimEnd().Length;
        _space = text[end..];
        _hasBegun |= end > 0;
        return text[..end];
    }
}
