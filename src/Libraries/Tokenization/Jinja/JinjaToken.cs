namespace Rlhf.Tokenization.Jinja;

/// <summary>A part of a template.</summary>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, string Text, int Line);
