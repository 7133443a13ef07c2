using System.Text;

namespace Rlhf.Tokenization.Jinja;

/// <summary>
/// Cuts a template into tokens. White space goes as with "trim_blocks" and "lstrip_blocks", which chat templates are written
/// for: the line break behind a block and the indentation before it are no text; "-" takes all white space on its side.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] _operators = ["==", "!=", "<=", ">=", "//", "**", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "|"];

    private readonly string _source;
    private readonly List<JinjaToken> _tokens = [];
    private int _position;
    private int _line = 1;

    private JinjaLexer(string source)
    {
        _source = source.ReplaceLineEndings("\n");
        _source = _source.EndsWith('\n') ? _source[..^1] : _source;
    }

    /// <exception cref="InvalidDataException">A tag or a string does not end, or a character belongs to no token.</exception>
    public static List<JinjaToken> Tokens(string source)
    {
        var lexer = new JinjaLexer(source);
        while (lexer._position < lexer._source.Length)
        {
            lexer.ReadTextAndTag();
        }

        lexer.Add(JinjaTokenKind.End, "");
        return lexer._tokens;
    }

    private static bool StripsBefore(char mark) => mark == '-';

    private void ReadTextAndTag()
    {
        var tag = NextTag();
        var text = _source[_position..tag];
        var isLineStart = _position == 0 || _source[_position - 1] == '\n';
        if (tag == _source.Length)
        {
            AddText(text);
            Advance(tag);
            return;
        }

        var kind = _source[tag + 1];
        var mark = tag + 2 < _source.Length ? _source[tag + 2] : ' ';
        AddText(StripsBefore(mark) ? text.TrimEnd() : kind != '{' && mark != '+' ? WithoutIndentation(text, isLineStart) : text);
        Advance(tag + (mark is '-' or '+' && !(kind == '{' && mark == '+') ? 3 : 2));
        switch (kind)
        {
            case '#':
                SkipComment();
                break;
            case '{':
                Add(JinjaTokenKind.OutputStart, "{{");
                ReadExpression('}', JinjaTokenKind.OutputEnd);
                break;
            default:
                Add(JinjaTokenKind.BlockStart, "{%");
                ReadExpression('%', JinjaTokenKind.BlockEnd);
                break;
        }
    }

    private int NextTag()
    {
        for (var i = _position; ; i++)
        {
            i = _source.IndexOf('{', i);
            if (i < 0 || i + 1 >= _source.Length)
            {
                return _source.Length;
            }

            if (_source[i + 1] is '{' or '%' or '#')
            {
                return i;
            }
        }
    }

    private static string WithoutIndentation(string text, bool isLineStart)
    {
        var lineStart = text.LastIndexOf('\n') + 1;
        return (lineStart > 0 || isLineStart) && string.IsNullOrWhiteSpace(text[lineStart..]) ? text[..lineStart] : text;
    }

    private void SkipComment()
    {
        var end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Error("a comment does not end");
        }

        var mark = end > _position ? _source[end - 1] : ' ';
        Advance(end + 2);
        SkipBehindTag(mark, takesLineBreak: true);
    }

    private void ReadExpression(char closing, JinjaTokenKind endKind)
    {
        for (var depth = 0; ;)
        {
            SkipWhiteSpace();
            if (_position >= _source.Length)
            {
                throw Error("a tag does not end");
            }

            var mark = _source[_position];
            var isMarked = mark is '-' or '+' && IsEnd(_position + 1, closing);
            if (depth == 0 && (isMarked || IsEnd(_position, closing)))
            {
                Add(endKind, "");
                Advance(_position + (isMarked ? 3 : 2));
                SkipBehindTag(isMarked ? mark : ' ', takesLineBreak: closing == '%');
                return;
            }

            depth += mark switch { '{' or '(' or '[' => 1, '}' or ')' or ']' => -1, _ => 0 };
            ReadToken();
        }
    }

    private bool IsEnd(int position, char closing) => position + 1 < _source.Length && _source[position] == closing && _source[position + 1] == '}';

    private void SkipBehindTag(char mark, bool takesLineBreak)
    {
        if (mark == '-')
        {
            SkipWhiteSpace();
        }
        else if (takesLineBreak && mark != '+' && _position < _source.Length && _source[_position] == '\n')
        {
            Advance(_position + 1);
        }
    }

    private void ReadToken()
    {
        var first = _source[_position];
        if (first is '\'' or '"')
        {
            ReadString(first);
            return;
        }

        if (char.IsAsciiLetter(first) || first == '_')
        {
            Take(JinjaTokenKind.Name, c => char.IsAsciiLetterOrDigit(c) || c == '_');
            return;
        }

        if (char.IsAsciiDigit(first))
        {
            ReadNumber();
            return;
        }

        var found = _operators.FirstOrDefault(o => string.CompareOrdinal(_source, _position, o, 0, o.Length) == 0)
            ?? throw Error($"the character \"{first}\" is not understood");
        Add(JinjaTokenKind.Operator, found);
        Advance(_position + found.Length);
    }

    private void ReadNumber()
    {
        var end = _position;
        while (end < _source.Length && char.IsAsciiDigit(_source[end]))
        {
            end++;
        }

        var isFloat = end + 1 < _source.Length && _source[end] == '.' && char.IsAsciiDigit(_source[end + 1]);
        Take(isFloat ? JinjaTokenKind.Float : JinjaTokenKind.Integer, c => char.IsAsciiDigit(c) || (isFloat && c == '.'));
    }

    private void ReadString(char quote)
    {
        var text = new StringBuilder();
        var i = _position + 1;
        for (; i < _source.Length && _source[i] != quote; i++)
        {
            if (_source[i] != '\\' || i + 1 >= _source.Length)
            {
                text.Append(_source[i]);
                continue;
            }

            i++;
            text.Append(_source[i] switch
            {
                'n' => "\n",
                't' => "\t",
                'r' => "\r",
                '\\' or '\'' or '"' => _source[i].ToString(),
                '\n' => "",
                var other => throw Error($"the escape \"\\{other}\" in a string is not supported"),
            });
        }

        if (i >= _source.Length)
        {
            throw Error("a string does not end");
        }

        Add(JinjaTokenKind.String, text.ToString());
        Advance(i + 1);
    }

    private void Take(JinjaTokenKind kind, Func<char, bool> belongs)
    {
        var end = _position;
        while (end < _source.Length && belongs(_source[end]))
        {
            end++;
        }

        Add(kind, _source[_position..end]);
        Advance(end);
    }

    private void SkipWhiteSpace()
    {
        var end = _position;
        while (end < _source.Length && char.IsWhiteSpace(_source[end]))
        {
            end++;
        }

        Advance(end);
    }

    private void Advance(int to)
    {
        _line += _source.AsSpan(_position, to - _position).Count('\n');
        _position = to;
    }

    private void AddText(string text)
    {
        if (text.Length > 0)
        {
            Add(JinjaTokenKind.Text, text);
        }
    }

    private void Add(JinjaTokenKind kind, string text) => _tokens.Add(new JinjaToken(kind, text, _line));

    private InvalidDataException Error(string what) => JinjaErrors.In(_line, what);
}
