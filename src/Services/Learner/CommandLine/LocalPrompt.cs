namespace Rlhf.Learner.CommandLine;

/// <summary>A prompt of a local PPO training.</summary>
/// <param name="Id">Of its place among the prompts.</param>
/// <param name="Text">What a reward's program gets.</param>
/// <param name="TokenIds">What the model gets.</param>
internal sealed record LocalPrompt(string Id, string Text, int[] TokenIds);
