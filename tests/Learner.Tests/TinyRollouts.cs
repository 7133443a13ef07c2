using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Ppo;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

/// <summary>What generators and a reward model would do, for a tiny model.</summary>
internal static class TinyRollouts
{
    public const int MaxNewTokens = 6;
    private const int RewardedToken = 7;

    /// <summary>Samples token by token without a cache; the score is the share of rewarded tokens.</summary>
    public static List<Rollout> Sample(CausalLanguageModel model, int count, long seed)
    {
        using var noGradients = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed);
        var random = new Random((int)seed);
        var rollouts = new List<Rollout>();
        var ids = tensor(Enumerable.Range(0, count * 3).Select(_ => (long)random.Next(1, TinyModels.Vocabulary)).ToArray(), count, 3); // [B, 3]
        var logprobs = new List<float[]>();
        for (var t = 0; t < MaxNewTokens; t++)
        {
            var distribution = nn.functional.log_softmax(model.Logits(model.Hidden(ids)[.., -1]).to(float32), -1); // [B, V]
            var drawn = multinomial(distribution.exp(), 1, generator: generator); // [B, 1]
            logprobs.Add(distribution.gather(1, drawn).flatten().data<float>().ToArray());
            ids = cat([ids, drawn], 1); // [B, 3 + t]
        }

        for (var row = 0; row < count; row++)
        {
            var tokens = ids[row].data<long>().Select(id => (int)id).ToArray();
            var end = Array.IndexOf(tokens, TinyModels.Eos, 3);
            var length = end < 0 ? tokens.Length : end + 1;
            var score = tokens[3..length].Count(token => token == RewardedToken) / (double)MaxNewTokens;
            rollouts.Add(new Rollout(
                new EncodedExample(tokens[..length], 3), [.. Enumerable.Range(0, length - 3).Select(t => logprobs[t][row])], end >= 0, score, $"prompt {row / 4}"));
        }

        return rollouts;
    }
}
