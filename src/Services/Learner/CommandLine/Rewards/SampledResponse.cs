namespace Rlhf.Learner.CommandLine.Rewards;

/// <summary>A response to score.</summary>
/// <param name="Prompt">The prompt's text.</param>
/// <param name="Response">The response's text.</param>
/// <param name="TokenIds">Tokens of both, with the end-of-sequence token where it was sampled.</param>
internal sealed record SampledResponse(string Prompt, string Response, int[] TokenIds);
