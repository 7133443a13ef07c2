using System.Text;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>
/// The text of a response while its tokens come. A window of tokens is decoded anew for each: how a token reads depends on the one
/// before it, and a character may take several tokens.
/// </summary>
internal sealed class GrowingText
{
    private const char Incomplete = '\uFFFD';

    private readonly TextTokenizer _tokenizer;
    private readonly StopTexts _stops;
    private readonly List<int> _window = [];
    private readonly StringBuilder _text = new();
    private int _known; // tokens of the window whose text is out
    private int _emitted; // characters of the window's text that are out

    /// <param name="tokenizer">The model's.</param>
    /// <param name="promptEnd">The prompt's last token: the response goes on from there.</param>
    /// <param name="stops">Texts that end it.</param>
    public GrowingText(TextTokenizer tokenizer, int promptEnd, IReadOnlyList<string> stops)
    {
        (_tokenizer, _stops) = (tokenizer, new StopTexts(stops));
        var before = tokenizer.Decode([promptEnd]);
        if (!before.EndsWith(Incomplete))
        {
            (_known, _emitted) = (1, before.Length);
            _window.Add(promptEnd);
        }
    }

    /// <summary>Whether a stop text has come.</summary>
    public bool IsStopped => _stops.IsFound;

    /// <summary>All text so far that is certain.</summary>
    public string Text => _text.ToString();

    /// <summary>Takes a token.</summary>
    /// <returns>The text that is certain now and was not before.</returns>
    public string Append(int token)
    {
        _window.Add(token);
        var text = _tokenizer.Decode(_window);
        // An unfinished character is one U+FFFD at the end; whatever stands before it won't change.
        var isWhole = !text.EndsWith(Incomplete);
        var certain = isWhole ? text.Length : text.Length - 1;
        var added = certain > _emitted ? text[_emitted..certain] : "";
        _emitted = Math.Max(_emitted, certain);
        // A token without text, such as a special one, is no beginning for a window: white space would be lost there.
        if (isWhole && added.Length > 0)
        {
            _window.RemoveRange(0, _known);
            _known = _window.Count;
            _emitted = _tokenizer.Decode(_window).Length;
        }

        return Release(_stops.Append(added));
    }

    /// <summary>Ends the text: what was held back and still belongs to it.</summary>
    public string Flush()
    {
        var text = _tokenizer.Decode(_window);
        var rest = text.Length > _emitted ? text[_emitted..] : "";
        _emitted = Math.Max(_emitted, text.Length);
        return Release(_stops.Append(rest) + _stops.Flush());
    }

    private string Release(string text)
    {
        _text.Append(text);
        return text;
    }
}
