using Rlhf.Learner.Data;

namespace Rlhf.Learner.Ppo;

/// <summary>A sampled and scored response.</summary>
/// <param name="Example">Prompt and response, with the end-of-sequence token where it was sampled.</param>
/// <param name="Logprobs">[T], recorded by the generator when it sampled.</param>
/// <param name="IsFinished">Whether the response ended by itself.</param>
/// <param name="Score">The reward model's normalised score.</param>
/// <param name="PromptId">Whose response it is.</param>
internal sealed record Rollout(EncodedExample Example, float[] Logprobs, bool IsFinished, double Score, string PromptId);
