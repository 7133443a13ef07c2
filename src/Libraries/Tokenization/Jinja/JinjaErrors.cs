namespace Rlhf.Tokenization.Jinja;

/// <summary>What can be wrong with a chat template.</summary>
internal static class JinjaErrors
{
    public static InvalidDataException In(int line, string what) => new($"The chat template can't be rendered: line {line}, {what}.");
}
