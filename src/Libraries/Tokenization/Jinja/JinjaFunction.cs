namespace Rlhf.Tokenization.Jinja;

/// <summary>A filter, test, method, macro or global function.</summary>
internal delegate object? JinjaFunction(JinjaCall call);
