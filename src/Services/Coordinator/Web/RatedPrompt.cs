namespace Rlhf.Coordinator.Web;

/// <summary>A prompt with its rated answers, the best first.</summary>
internal sealed record RatedPrompt(string Prompt, IReadOnlyList<RatedAnswer> Answers);
