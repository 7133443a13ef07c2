using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator.Requests;

/// <summary>The responses to one prompt.</summary>
internal sealed record SampledPrompt(int[] PromptTokens, IReadOnlyList<SampledSequence> Samples, string VersionId);
