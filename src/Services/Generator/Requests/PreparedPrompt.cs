using Rlhf.Generator.Engine;
using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator.Requests;

/// <summary>A prompt that was checked, and the responses that are asked for.</summary>
internal sealed record PreparedPrompt(int[] PromptTokens, VersionFiles Version, IReadOnlyList<SampleRequest> Requests);
