namespace Rlhf.Tokenization.Jinja;

/// <summary>The value of a name that nothing was assigned to.</summary>
/// <param name="Name">The name.</param>
internal sealed record Undefined(string Name);
