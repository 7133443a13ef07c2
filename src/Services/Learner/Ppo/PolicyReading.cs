namespace Rlhf.Learner.Ppo;

/// <summary>What the policy and its baseline say of sampled responses before an update, one array a response.</summary>
/// <param name="PolicyLogprobs">Of the policy that sampled, recomputed.</param>
/// <param name="ReferenceLogprobs">Of the frozen baseline.</param>
/// <param name="Values">The value head's predictions.</param>
/// <param name="Entropies">Of the policy's distributions, in nats.</param>
internal sealed record PolicyReading(float[][] PolicyLogprobs, float[][] ReferenceLogprobs, float[][] Values, float[][] Entropies);
