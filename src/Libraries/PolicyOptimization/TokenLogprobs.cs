using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>What a distribution over the vocabulary says about given tokens.</summary>
public static class TokenLogprobs
{
    /// <summary>Natural log-probabilities of given tokens: log softmax(logits / temperature) at each token.</summary>
    /// <param name="logits">[..., V], the logits from which each token was, or could have been, sampled.</param>
    /// <param name="tokenIds">[...] int64, in 0 to V - 1.</param>
    /// <param name="temperature">Above 0; divides the logits, for the rollout, policy and reference alike.</param>
    /// <returns>[...], differentiable in the logits; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The leading sizes differ, or the temperature is not positive.</exception>
    public static Tensor Gather(Tensor logits, Tensor tokenIds, double temperature = 1)
    {
        RequirePositive(temperature);
        if (logits.dim() != tokenIds.dim() + 1 || !logits.shape.AsSpan(0, (int)tokenIds.dim()).SequenceEqual(tokenIds.shape))
        {
            throw new ArgumentException(
                $"{nameof(logits)} has shape {Shapes.Describe(logits)} but {nameof(tokenIds)} has {Shapes.Describe(tokenIds)}; "
                + $"{nameof(logits)} must be those sizes and the vocabulary's.",
                nameof(logits));
        }

        using var scope = NewDisposeScope();
        var logprobs = nn.functional.log_softmax(temperature == 1 ? logits : logits.DividedBy(temperature), -1); // [..., V]
        return logprobs.gather(-1, tokenIds.unsqueeze(-1)).squeeze(-1).MoveToOuterDisposeScope(); // [...]
    }

    /// <summary>Entropy of each distribution, -sum p log p, in nats.</summary>
    /// <param name="logits">[..., V].</param>
    /// <param name="temperature">Above 0; divides the logits.</param>
    /// <returns>[...], from 0 to log V; the caller owns it.</returns>
    /// <exception cref="ArgumentException">The temperature is not positive.</exception>
    public static Tensor Entropy(Tensor logits, double temperature = 1)
    {
        RequirePositive(temperature);
        using var scope = NewDisposeScope();
        var logprobs = nn.functional.log_softmax(temperature == 1 ? logits : logits.DividedBy(temperature), -1); // [..., V]
        return (-(logprobs.exp() * logprobs).sum(-1)).MoveToOuterDisposeScope(); // [...]
    }

    private static void RequirePositive(double temperature)
    {
        if (!(temperature > 0))
        {
            throw new ArgumentException(
                $"{nameof(temperature)} is {temperature} but must be above 0: greedy decoding has no distribution.", nameof(temperature));
        }
    }
}
