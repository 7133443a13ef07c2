namespace Rlhf.Learner.Rollouts;

/// <summary>A prompt that no later step uses, because it fails always.</summary>
/// <param name="Step">In which step it failed.</param>
/// <param name="PromptId">Which.</param>
internal sealed record PromptRemoval(long Step, string PromptId);
