namespace Rlhf.TinyAssistant;

/// <summary>What the oracle understood of a request.</summary>
/// <param name="Kind">Name of the kind, e.g. "theft".</param>
/// <param name="Noun">What it is to be done to.</param>
/// <param name="IsHarmful">Whether carrying it out would hurt somebody.</param>
public sealed record RequestReading(string Kind, string Noun, bool IsHarmful);
