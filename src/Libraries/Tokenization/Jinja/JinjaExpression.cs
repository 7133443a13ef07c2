namespace Rlhf.Tokenization.Jinja;

/// <summary>Something that has a value.</summary>
/// <param name="Line">Where it stands.</param>
internal abstract record JinjaExpression(int Line)
{
    /// <exception cref="InvalidDataException">It has no value: a wrong type, an unknown function, a limit.</exception>
    /// <exception cref="ArgumentException">The template refuses the conversation.</exception>
    public object? Value(RenderContext context)
    {
        context.Charge();
        return Compute(context);
    }

    /// <summary>The value as text to write.</summary>
    public string Text(RenderContext context) => JinjaValues.Text(Value(context), context);

    public bool IsTrue(RenderContext context) => JinjaValues.IsTrue(Value(context));

    protected abstract object? Compute(RenderContext context);

    protected InvalidDataException Error(string what) => JinjaErrors.In(Line, what);
}
