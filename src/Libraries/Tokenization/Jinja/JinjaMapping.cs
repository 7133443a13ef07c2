namespace Rlhf.Tokenization.Jinja;

/// <summary>A mapping, in the order in which its members came; also what "namespace" makes.</summary>
internal sealed class JinjaMapping : OrderedDictionary<string, object?>
{
    public JinjaMapping()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>Whether templates may set members.</summary>
    public bool IsNamespace { get; init; }
}
