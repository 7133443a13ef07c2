namespace Rlhf.Tokenization.Jinja;

/// <summary>A part of a template that writes or sets something.</summary>
internal abstract record JinjaStatement
{
    public Flow Run(RenderContext context)
    {
        context.Charge();
        return Execute(context);
    }

    protected abstract Flow Execute(RenderContext context);
}
