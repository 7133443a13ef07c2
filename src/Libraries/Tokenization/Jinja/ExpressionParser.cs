using System.Runtime.CompilerServices;

namespace Rlhf.Tokenization.Jinja;

/// <summary>Parses expressions, loosest operators first.</summary>
internal class ExpressionParser(List<JinjaToken> tokens) : OperandParser(tokens)
{
    private static readonly string[] _comparisons = ["==", "!=", "<", "<=", ">", ">="];

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

    protected override JinjaExpression ParseExpression()
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

        if (IsAt(JinjaTokenKind.Name, "not") && Next is { Kind: JinjaTokenKind.Name, Text: "in" })
        {
            Take();
            Take();
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
}
