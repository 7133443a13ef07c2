namespace Rlhf.Tokenization.Jinja;

/// <summary>
/// The part of Jinja that chat templates are written in: output, if, for, set, macro, break and continue, with the filters,
/// tests and methods in <see cref="JinjaFilters"/>, <see cref="JinjaTests"/> and <see cref="JinjaMethods"/>. Anything else is
/// refused by name when the template is read. A rendering is limited in steps and size, and can reach nothing but its variables.
/// </summary>
internal sealed class JinjaTemplate
{
    private const int MaxLength = 1 << 20;

    private readonly JinjaStatement _body;

    private JinjaTemplate(JinjaStatement body) => _body = body;

    /// <exception cref="InvalidDataException">The template is malformed, too long, or uses something that is not supported.</exception>
    public static JinjaTemplate Parse(string source)
    {
        if (source.Length > MaxLength)
        {
            throw new InvalidDataException($"The chat template has {source.Length:N0} characters; at most {MaxLength:N0} are taken.");
        }

        return new JinjaTemplate(Guarded(() => StatementParser.Parse(JinjaLexer.Tokens(source))));
    }

    /// <exception cref="InvalidDataException">The template can't be rendered with these variables, or runs away.</exception>
    /// <exception cref="ArgumentException">The template refuses the variables, with its own words.</exception>
    public string Render(IReadOnlyDictionary<string, object?> variables)
    {
        var context = new RenderContext(variables);
        foreach (var (name, function) in JinjaGlobals.Functions)
        {
            context.Set(name, function);
        }

        return Guarded(() =>
        {
            _body.Run(context);
            return context.Output();
        });
    }

    private static T Guarded<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (InsufficientExecutionStackException e)
        {
            throw new InvalidDataException("The chat template can't be rendered: it is nested too deeply.", e);
        }
    }
}
