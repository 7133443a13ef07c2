namespace Rlhf.Tokenization.Jinja;

/// <summary>A place in a template's tokens, of which the last one is the end.</summary>
internal abstract class TokenCursor(List<JinjaToken> tokens)
{
    private int _position;

    protected JinjaToken Current => tokens[_position];

    /// <summary>The token after <see cref="Current"/>, which is not the last.</summary>
    protected JinjaToken Next => tokens[_position + 1];

    protected JinjaToken Take()
    {
        var token = tokens[_position];
        _position += token.Kind == JinjaTokenKind.End ? 0 : 1;
        return token;
    }

    protected bool IsAt(JinjaTokenKind kind, string text) => Current.Kind == kind && Current.Text == text;

    protected bool TakeIf(JinjaTokenKind kind, string text)
    {
        var isThere = IsAt(kind, text);
        _position += isThere ? 1 : 0;
        return isThere;
    }

    protected JinjaToken Expect(JinjaTokenKind kind, string what) => Current.Kind == kind ? Take() : throw Error($"{what} is expected");

    protected void ExpectOperator(string text)
    {
        if (!TakeIf(JinjaTokenKind.Operator, text))
        {
            throw Error($"\"{text}\" is expected");
        }
    }

    protected InvalidDataException Error(string what) =>
        JinjaErrors.In(Current.Line, Current.Text.Length is > 0 and < 40 ? $"{what} before \"{Current.Text}\"" : what);
}
