namespace Rlhf.LanguageModels.Sampling;

/// <summary>A token of a response, as it is drawn.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Logprob">As in <see cref="SampledSequence"/>.</param>
/// <param name="Alternatives">The likeliest tokens at its place, likeliest first; as many as were asked for.</param>
/// <param name="Text">
/// Text that is certain now: whole characters, and nothing that may belong to a stop text. All of a response's parts together are
/// its text, white space at both ends included.
/// </param>
/// <param name="Finish">Why the response ended with this token; null where it goes on.</param>
public sealed record DrawnToken(int Token, float Logprob, IReadOnlyList<TokenAlternative> Alternatives, string Text, FinishKind? Finish);
