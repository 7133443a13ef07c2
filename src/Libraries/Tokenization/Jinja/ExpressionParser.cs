using System.Globalization;
using System.Runtime.CompilerServices;

namespace Rlhf.Tokenization.Jinja;

/// <summary>Parses expressions, loosest operators first.</summary>
internal class ExpressionParser(List<JinjaToken> tokens)
{
    private static readonly string[] _comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly string[] _reserved = ["and", "or", "not", "in", "is", "if", "else"];

    private int _position;

    protected JinjaToken Current => tokens[_position];

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

    /// <summary>a, b without brackets is a list too.</summary>
    protected JinjaExpression ParseTuple()
    {
        var first = ParseExpression();
        if (!IsAt(JinjaTokenKind.Operator, ","))
        {
            return first;
        }

        var items = new List<JinjaExpression> { first };
        while (TakeIf(JinjaTokenKind.Operator, ","))
        {
            items.Add(ParseExpression());
        }

        return new ListOf(first.Line, items);
    }

    protected JinjaExpression ParseExpression()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var value = ParseOr();
        while (TakeIf(JinjaTokenKind.Name, "if"))
        {
            var condition = ParseOr();
            value = new Choice(value.Line, value, condition, TakeIf(JinjaTokenKind.Name, "else") ? ParseExpression() : null);
        }

        return value;
    }

    protected JinjaExpression ParseOr()
    {
        var left = ParseAnd();
        while (TakeIf(JinjaTokenKind.Name, "or"))
        {
            left = new Logical(left.Line, IsAnd: false, left, ParseAnd());
        }

        return left;
    }

    private JinjaExpression ParseAnd()
    {
        var left = ParseNot();
        while (TakeIf(JinjaTokenKind.Name, "and"))
        {
            left = new Logical(left.Line, IsAnd: true, left, ParseNot());
        }

        return left;
    }

    private JinjaExpression ParseNot()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var line = Current.Line;
        return TakeIf(JinjaTokenKind.Name, "not") ? new Negation(line, ParseNot()) : ParseComparison();
    }

    private JinjaExpression ParseComparison()
    {
        var first = ParseSum();
        var rest = new List<(string, JinjaExpression)>();
        while (ComparisonOperator() is { } name)
        {
            rest.Add((name, ParseSum()));
        }

        return rest.Count == 0 ? first : new Comparison(first.Line, first, rest);
    }

    private string? ComparisonOperator()
    {
        if (Current.Kind == JinjaTokenKind.Operator && _comparisons.Contains(Current.Text))
        {
            return Take().Text;
        }

        if (TakeIf(JinjaTokenKind.Name, "in"))
        {
            return "in";
        }

        if (IsAt(JinjaTokenKind.Name, "not") && tokens[_position + 1] is { Kind: JinjaTokenKind.Name, Text: "in" })
        {
            _position += 2;
            return "not in";
        }

        return null;
    }

    private JinjaExpression ParseSum() => ParseLeft(ParseConcatenation, "+", "-");

    private JinjaExpression ParseConcatenation() => ParseLeft(ParseProduct, "~");

    private JinjaExpression ParseProduct() => ParseLeft(ParseUnary, "*", "/", "//", "%");

    private JinjaExpression ParseLeft(Func<JinjaExpression> parseOperand, params string[] operators)
    {
        var left = parseOperand();
        while (Current.Kind == JinjaTokenKind.Operator && operators.Contains(Current.Text))
        {
            var token = Take();
            left = new Arithmetic(token.Line, token.Text, left, parseOperand());
        }

        return left;
    }

    private JinjaExpression ParseUnary() => ParseFilters(ParseSigned());

    private JinjaExpression ParseSigned()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var line = Current.Line;
        return TakeIf(JinjaTokenKind.Operator, "-") ? new Arithmetic(line, "-", new Constant(line, 0L), ParseSigned())
            : TakeIf(JinjaTokenKind.Operator, "+") ? ParseSigned()
            : ParsePostfix(ParsePrimary());
    }

    private JinjaExpression ParsePrimary()
    {
        var token = Take();
        switch (token.Kind)
        {
            case JinjaTokenKind.String:
                // Strings side by side are one.
                var text = token.Text;
                while (Current.Kind == JinjaTokenKind.String)
                {
                    text += Take().Text;
                }

                return new Constant(token.Line, text);
            case JinjaTokenKind.Integer:
                return new Constant(token.Line, long.TryParse(token.Text, CultureInfo.InvariantCulture, out var whole) ? whole : throw JinjaErrors.In(token.Line, "a number is too large"));
            case JinjaTokenKind.Float:
                return new Constant(token.Line, double.TryParse(token.Text, CultureInfo.InvariantCulture, out var number) ? number : throw JinjaErrors.In(token.Line, "a number is malformed"));
            case JinjaTokenKind.Name when !_reserved.Contains(token.Text):
                return token.Text switch
                {
                    "true" or "True" => new Constant(token.Line, true),
                    "false" or "False" => new Constant(token.Line, false),
                    "none" or "None" => new Constant(token.Line, null),
                    _ => new Variable(token.Line, token.Text),
                };
            case JinjaTokenKind.Operator when token.Text == "(":
                return ParseBracket(token.Line);
            case JinjaTokenKind.Operator when token.Text == "[":
                return new ListOf(token.Line, ParseList("]"));
            case JinjaTokenKind.Operator when token.Text == "{":
                return ParseMapping(token.Line);
            default:
                throw JinjaErrors.In(token.Line, token.Text.Length is > 0 and < 40 ? $"a value is expected where \"{token.Text}\" stands" : "a value is expected");
        }
    }

    private JinjaExpression ParseBracket(int line)
    {
        if (TakeIf(JinjaTokenKind.Operator, ")"))
        {
            return new ListOf(line, []);
        }

        var first = ParseExpression();
        if (TakeIf(JinjaTokenKind.Operator, ")"))
        {
            return first;
        }

        ExpectOperator(",");
        return new ListOf(line, [first, .. ParseList(")")]);
    }

    private List<JinjaExpression> ParseList(string closing)
    {
        var items = new List<JinjaExpression>();
        while (!TakeIf(JinjaTokenKind.Operator, closing))
        {
            items.Add(ParseExpression());
            if (!IsAt(JinjaTokenKind.Operator, closing))
            {
                ExpectOperator(",");
            }
        }

        return items;
    }

    private MappingOf ParseMapping(int line)
    {
        var members = new List<(JinjaExpression, JinjaExpression)>();
        while (!TakeIf(JinjaTokenKind.Operator, "}"))
        {
            var key = ParseExpression();
            ExpectOperator(":");
            members.Add((key, ParseExpression()));
            if (!IsAt(JinjaTokenKind.Operator, "}"))
            {
                ExpectOperator(",");
            }
        }

        return new MappingOf(line, members);
    }

    private JinjaExpression ParsePostfix(JinjaExpression value)
    {
        while (Current.Kind == JinjaTokenKind.Operator)
        {
            var line = Current.Line;
            if (TakeIf(JinjaTokenKind.Operator, "."))
            {
                var name = Current.Kind == JinjaTokenKind.Integer ? Take() : Expect(JinjaTokenKind.Name, "a member's name");
                value = new Member(line, value, new Constant(line, name.Kind == JinjaTokenKind.Integer ? long.Parse(name.Text, CultureInfo.InvariantCulture) : name.Text));
            }
            else if (TakeIf(JinjaTokenKind.Operator, "["))
            {
                value = ParseSubscript(value, line);
            }
            else if (TakeIf(JinjaTokenKind.Operator, "("))
            {
                var (arguments, named) = ParseArguments();
                value = new Call(line, value, arguments, named);
            }
            else
            {
                break;
            }
        }

        return value;
    }

    private JinjaExpression ParseSubscript(JinjaExpression owner, int line)
    {
        var from = IsAt(JinjaTokenKind.Operator, ":") ? null : ParseExpression();
        if (from is not null && TakeIf(JinjaTokenKind.Operator, "]"))
        {
            return new Member(line, owner, from);
        }

        ExpectOperator(":");
        var to = Bound();
        var step = TakeIf(JinjaTokenKind.Operator, ":") ? Bound() : null;
        ExpectOperator("]");
        return new Slice(line, owner, from, to, step);

        JinjaExpression? Bound() => IsAt(JinjaTokenKind.Operator, ":") || IsAt(JinjaTokenKind.Operator, "]") ? null : ParseExpression();
    }

    private (List<JinjaExpression> Arguments, List<(string, JinjaExpression)> Named) ParseArguments()
    {
        var (arguments, named) = (new List<JinjaExpression>(), new List<(string, JinjaExpression)>());
        while (!TakeIf(JinjaTokenKind.Operator, ")"))
        {
            if (Current.Kind == JinjaTokenKind.Name && tokens[_position + 1] is { Kind: JinjaTokenKind.Operator, Text: "=" })
            {
                var name = Take().Text;
                Take();
                named.Add((name, ParseExpression()));
            }
            else
            {
                arguments.Add(ParseExpression());
            }

            if (!IsAt(JinjaTokenKind.Operator, ")"))
            {
                ExpectOperator(",");
            }
        }

        return (arguments, named);
    }

    private JinjaExpression ParseFilters(JinjaExpression value)
    {
        while (true)
        {
            var line = Current.Line;
            if (TakeIf(JinjaTokenKind.Operator, "|"))
            {
                var filter = JinjaFilters.Find(Expect(JinjaTokenKind.Name, "a filter's name").Text, line);
                var (arguments, named) = TakeIf(JinjaTokenKind.Operator, "(") ? ParseArguments() : ([], []);
                value = new Applied(line, value, filter, arguments, named);
            }
            else if (TakeIf(JinjaTokenKind.Name, "is"))
            {
                value = ParseTest(value, line);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression ParseTest(JinjaExpression value, int line)
    {
        var isNegated = TakeIf(JinjaTokenKind.Name, "not");
        var test = JinjaTests.Find(Take().Text, line);
        var (arguments, named) = TakeIf(JinjaTokenKind.Operator, "(") ? ParseArguments()
            : IsArgument() ? ([ParsePostfix(ParsePrimary())], [])
            : ((List<JinjaExpression>, List<(string, JinjaExpression)>))([], []);
        var applied = new Applied(line, value, test, arguments, named);
        return isNegated ? new Negation(line, applied) : applied;
    }

    // An argument of a test may stand behind it without brackets.
    private bool IsArgument() => Current.Kind is JinjaTokenKind.String or JinjaTokenKind.Integer or JinjaTokenKind.Float
        || (Current.Kind == JinjaTokenKind.Name && !_reserved.Contains(Current.Text)) || IsAt(JinjaTokenKind.Operator, "[");
}
