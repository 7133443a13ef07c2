namespace Rlhf.LanguageModels.Sampling;

/// <summary>Hears the tokens of a response one by one.</summary>
/// <param name="Alternatives">How many of the likeliest tokens to name at each place; 0 or more.</param>
/// <param name="Hear">Called on the batch's thread; must not throw, nor take long.</param>
public sealed record TokenListener(int Alternatives, Action<DrawnToken> Hear);
