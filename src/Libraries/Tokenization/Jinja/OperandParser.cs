using System.Globalization;

namespace Rlhf.Tokenization.Jinja;

/// <summary>Parses what operators stand between: constants, names, lists, members, calls, filters and tests.</summary>
internal abstract class OperandParser(List<JinjaToken> tokens) : TokenCursor(tokens)
{
    private static readonly string[] _reserved = ["and", "or", "not", "in", "is", "if", "else"];

    protected abstract JinjaExpression ParseExpression();

    protected JinjaExpression ParsePrimary()
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

    protected JinjaExpression ParsePostfix(JinjaExpression value)
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
            if (Current.Kind == JinjaTokenKind.Name && Next is { Kind: JinjaTokenKind.Operator, Text: "=" })
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

    protected JinjaExpression ParseFilters(JinjaExpression value)
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
