using System.Text;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>The text of a response while its tokens come: whole characters, up to a stop text.</summary>
internal sealed class GrowingText
{
    private readonly StreamingDecoder _decoder;
    private readonly StopTexts _stops;
    private readonly StringBuilder _text = new();

    /// <param name="tokenizer">The model's.</param>
    /// <param name="promptEnd">The prompt's last token: the response goes on from there, so its first space counts.</param>
    /// <param name="stops">Texts that end it.</param>
    public GrowingText(TextTokenizer tokenizer, int promptEnd, IReadOnlyList<string> stops)
    {
        (_decoder, _stops) = (tokenizer.NewDecoder(), new StopTexts(stops));
        _decoder.Append(promptEnd);
        if (tokenizer.Decode([promptEnd]).EndsWith('\uFFFD'))
        {
            // The prompt ends within a character, which is none of the response's.
            _decoder.Flush();
        }
    }

    /// <summary>Whether a stop text has come.</summary>
    public bool IsStopped => _stops.IsFound;

    /// <summary>All text so far that is certain.</summary>
    public string Text => _text.ToString();

    /// <summary>Takes a token.</summary>
    /// <returns>The text that is certain now and was not before.</returns>
    public string Append(int token) => Release(_stops.Append(_decoder.Append(token)));

    /// <summary>Ends the text: what was held back and still belongs to it.</summary>
    public string Flush() => Release(_stops.Append(_decoder.Flush()) + _stops.Flush());

    private string Release(string text)
    {
        _text.Append(text);
        return text;
    }
}
