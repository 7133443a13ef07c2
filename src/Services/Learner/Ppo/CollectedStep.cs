using Rlhf.Learner.Rollouts;

namespace Rlhf.Learner.Ppo;

/// <summary>A step's rollouts as they were trained on, and what was dropped while they were collected.</summary>
/// <param name="PolicyVersion">The version that sampled them.</param>
/// <param name="Rollouts">In the order of the requests.</param>
/// <param name="Removals">Prompts that failed for good in this step.</param>
/// <param name="Refused">The reason of each rollout that could not be used.</param>
internal sealed record CollectedStep(
    string PolicyVersion, IReadOnlyList<Rollout> Rollouts, IReadOnlyList<PromptRemoval> Removals, IReadOnlyList<string> Refused);
