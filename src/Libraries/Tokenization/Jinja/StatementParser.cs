using System.Runtime.CompilerServices;

namespace Rlhf.Tokenization.Jinja;

/// <summary>Parses templates.</summary>
internal sealed class StatementParser : ExpressionParser
{
    private int _loops;

    private StatementParser(List<JinjaToken> tokens)
        : base(tokens)
    {
    }

    /// <exception cref="InvalidDataException">The template is malformed, or uses something that is not supported.</exception>
    public static JinjaStatement Parse(List<JinjaToken> tokens)
    {
        var parser = new StatementParser(tokens);
        var body = parser.ParseUntil();
        return parser.Current.Kind == JinjaTokenKind.End ? body : throw parser.Error("a block ends that did not begin");
    }

    /// <summary>Statements up to a block of one of these names, which is left to be read, or to the end.</summary>
    private Block ParseUntil(params string[] ends)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var statements = new List<JinjaStatement>();
        while (Current.Kind != JinjaTokenKind.End)
        {
            var token = Take();
            switch (token.Kind)
            {
                case JinjaTokenKind.Text:
                    statements.Add(new WriteText(token.Text));
                    break;
                case JinjaTokenKind.OutputStart:
                    statements.Add(new WriteValue(ParseTuple()));
                    Expect(JinjaTokenKind.OutputEnd, "\"}}\"");
                    break;
                default:
                    if (ends.Contains(Current.Text) && Current.Kind == JinjaTokenKind.Name)
                    {
                        return new Block(statements);
                    }

                    statements.Add(ParseBlock());
                    break;
            }
        }

        return ends.Length == 0 ? new Block(statements) : throw Error($"\"{ends[^1]}\" is missing");
    }

    private JinjaStatement ParseBlock()
    {
        var name = Expect(JinjaTokenKind.Name, "a block's name");
        switch (name.Text)
        {
            case "if":
                return ParseIf();
            case "for":
                return ParseFor(name.Line);
            case "set":
                return ParseSet(name.Line);
            case "macro":
                return ParseMacro(name.Line);
            case "break" or "continue" when _loops > 0:
                return Ended(new Jump(name.Text == "break" ? Flow.Break : Flow.Continue));
            case "generation":
                // Marks the assistant's words for training; it writes nothing.
                EndTag();
                var body = ParseUntil("endgeneration");
                return CloseWith("endgeneration", body);
            default:
                throw JinjaErrors.In(name.Line, $"the block \"{name.Text}\" is not supported here");
        }
    }

    private If ParseIf()
    {
        var branches = new List<(JinjaExpression?, JinjaStatement)>();
        JinjaExpression? condition = ParseTuple();
        while (true)
        {
            EndTag();
            branches.Add((condition, ParseUntil("elif", "else", "endif")));
            var end = Take().Text;
            if (condition is null && end != "endif")
            {
                throw Error("\"endif\" is missing");
            }

            if (end == "endif")
            {
                EndTag();
                return new If(branches);
            }

            condition = end == "elif" ? ParseTuple() : null;
        }
    }

    private For ParseFor(int line)
    {
        var names = new List<string>();
        do
        {
            names.Add(Expect(JinjaTokenKind.Name, "a name").Text);
        }
        while (TakeIf(JinjaTokenKind.Operator, ","));

        if (!TakeIf(JinjaTokenKind.Name, "in"))
        {
            throw Error("\"in\" is expected");
        }

        var source = ParseOr();
        var condition = TakeIf(JinjaTokenKind.Name, "if") ? ParseExpression() : null;
        EndTag();
        _loops++;
        var body = ParseUntil("else", "endfor");
        _loops--;
        JinjaStatement? otherwise = null;
        if (IsAt(JinjaTokenKind.Name, "else"))
        {
            Take();
            EndTag();
            otherwise = ParseUntil("endfor");
        }

        return CloseWith("endfor", new For(line, names, source, condition, body, otherwise));
    }

    private JinjaStatement ParseSet(int line)
    {
        var name = Expect(JinjaTokenKind.Name, "a name").Text;
        var member = TakeIf(JinjaTokenKind.Operator, ".") ? Expect(JinjaTokenKind.Name, "a member's name").Text : null;
        if (TakeIf(JinjaTokenKind.Operator, "="))
        {
            return Ended(new Set(line, name, member, ParseTuple()));
        }

        if (member is not null || Current.Kind != JinjaTokenKind.BlockEnd)
        {
            throw Error("\"=\" is expected");
        }

        EndTag();
        return CloseWith("endset", new SetBlock(name, ParseUntil("endset")));
    }

    private Macro ParseMacro(int line)
    {
        var name = Expect(JinjaTokenKind.Name, "a macro's name").Text;
        var parameters = new List<(string, JinjaExpression?)>();
        ExpectOperator("(");
        while (!TakeIf(JinjaTokenKind.Operator, ")"))
        {
            var parameter = Expect(JinjaTokenKind.Name, "a parameter's name").Text;
            parameters.Add((parameter, TakeIf(JinjaTokenKind.Operator, "=") ? ParseExpression() : null));
            if (!IsAt(JinjaTokenKind.Operator, ")"))
            {
                ExpectOperator(",");
            }
        }

        EndTag();
        var loops = _loops;
        _loops = 0;
        var macro = CloseWith("endmacro", new Macro(line, name, parameters, ParseUntil("endmacro")));
        _loops = loops;
        return macro;
    }

    private T CloseWith<T>(string end, T statement)
    {
        Take();
        if (end == "endmacro" && Current.Kind == JinjaTokenKind.Name)
        {
            // {% endmacro name %}
            Take();
        }

        EndTag();
        return statement;
    }

    private JinjaStatement Ended(JinjaStatement statement)
    {
        EndTag();
        return statement;
    }

    private void EndTag() => Expect(JinjaTokenKind.BlockEnd, "the end of the tag");
}
