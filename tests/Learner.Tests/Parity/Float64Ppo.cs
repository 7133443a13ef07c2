using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.V1;

namespace Rlhf.Learner.Tests.Parity;

/// <summary>
/// A PPO step in plain loops over float64, from the formulas alone. What the policy is at a point is a list of arrays: A and B of
/// each linear layer, the value head, and A and B of the value function's adapter where it has one.
/// </summary>
internal sealed class Float64Ppo(Float64Transformer model, int adapterArrays, PpoSettings settings, IReadOnlyList<Rollout> rollouts, double beta)
{
    private readonly bool _hasOwnAdapter = settings.ValueTrunk == ValueTrunk.OwnAdapter;

    /// <summary>At each response token: its log-probability, the entropy there, and the value; null reads the baseline, which has no values.</summary>
    public (double[][] Logprobs, double[][] Entropies, double[][] Values) Read(double[][]? parameters)
    {
        var read = rollouts.Select(rollout =>
        {
            var example = rollout.Example;
            var hidden = model.Hidden(example.TokenIds, parameters?[..adapterArrays]);
            var valueHidden = _hasOwnAdapter && parameters is not null ? model.Hidden(example.TokenIds, parameters[(adapterArrays + 1)..]) : hidden;
            return Enumerable.Range(example.PromptLength - 1, example.ResponseLength).Select(position =>
            {
                var all = model.Logprobs(hidden[position], settings.Temperature);
                return (
                    Logprob: all[example.TokenIds[position + 1]],
                    Entropy: -all.Sum(logprob => Math.Exp(logprob) * logprob),
                    Value: parameters is null ? 0 : valueHidden[position].Zip(parameters[adapterArrays], (x, w) => x * w).Sum());
            }).ToArray();
        }).ToArray();
        return (
            [.. read.Select(row => row.Select(token => token.Logprob).ToArray())],
            [.. read.Select(row => row.Select(token => token.Entropy).ToArray())],
            [.. read.Select(row => row.Select(token => token.Value).ToArray())]);
    }

    /// <summary>Advantages and returns of the step's first policy.</summary>
    public (double[][] Advantages, double[][] Returns) Targets(double[][] logprobs, double[][] references, double[][] values)
    {
        var scores = rollouts.Select(rollout =>
        {
            var clipped = Math.Min(Math.Max(rollout.Score, -settings.ScoreClip), settings.ScoreClip);
            return rollout.IsFinished ? clipped : settings.UnfinishedScore ?? (clipped - settings.UnfinishedPenalty);
        }).ToArray();
        var rewards = logprobs.Select((row, i) => row.Select((logprob, t) =>
            (-beta * (logprob - references[i][t])) + (t == row.Length - 1 ? scores[i] : 0)).ToArray()).ToArray();
        return settings.Advantages switch
        {
            AdvantageEstimator.Generalized => Generalized(rewards, values),
            AdvantageEstimator.LeaveOneOut => OfResponses(rewards.Select(row => row.Sum()).ToArray(), (own, others) =>
                others.Length == 1 ? 0 : own - ((others.Sum() - own) / (others.Length - 1))),
            _ => OfResponses(scores, (own, others) => others.Length == 1 ? 0 : (own - others.Average())
                / (Math.Sqrt(others.Sum(score => Math.Pow(score - others.Average(), 2)) / (others.Length - 1)) + 1e-4)),
        };
    }

    /// <summary>Policy loss, value loss, and the objective that the gradient is of.</summary>
    public (double Policy, double Value, double Objective) Loss(
        double[][] parameters, double[][] firstLogprobs, double[][] references, double[][] firstValues, double[][] advantages, double[][] returns)
    {
        var (logprobs, entropies, values) = Read(parameters);
        var (policy, value, kl, entropy, count) = (0.0, 0.0, 0.0, 0.0, 0);
        for (var i = 0; i < rollouts.Count; i++)
        {
            for (var t = 0; t < logprobs[i].Length; t++)
            {
                var recorded = (double)rollouts[i].Logprobs[t];
                var proximal = settings.CorrectsRolloutMismatch ? firstLogprobs[i][t] : recorded;
                var weight = settings.CorrectsRolloutMismatch ? Math.Min(Math.Exp(firstLogprobs[i][t] - recorded), settings.ImportanceWeightCap) : 1;
                var ratio = Math.Exp(logprobs[i][t] - proximal);
                var clipped = Math.Min(Math.Max(ratio, 1 - settings.ClipRange), 1 + settings.ClipRange);
                policy += weight * Math.Max(-advantages[i][t] * ratio, -advantages[i][t] * clipped);
                var moved = firstValues[i][t] + Math.Min(Math.Max(values[i][t] - firstValues[i][t], -settings.ValueClipRange), settings.ValueClipRange);
                value += Math.Max(Math.Pow(values[i][t] - returns[i][t], 2), Math.Pow(moved - returns[i][t], 2)) / 2;
                var logRatio = logprobs[i][t] - references[i][t];
                kl += Math.Exp(-logRatio) - 1 + logRatio;
                entropy += entropies[i][t];
                count++;
            }
        }

        var objective = policy - (settings.EntropyWeight * entropy);
        objective += settings.Advantages == AdvantageEstimator.Generalized ? settings.ValueWeight * value : 0;
        objective += settings.Advantages == AdvantageEstimator.GroupRelative ? beta * kl : 0;
        return (policy / count, value / count, objective / count);
    }

    private (double[][] Advantages, double[][] Returns) Generalized(double[][] rewards, double[][] values)
    {
        var advantages = rewards.Select(row => new double[row.Length]).ToArray();
        for (var i = 0; i < rewards.Length; i++)
        {
            var (nextValue, nextAdvantage) = (0.0, 0.0);
            for (var t = rewards[i].Length - 1; t >= 0; t--)
            {
                nextAdvantage = rewards[i][t] + (settings.Discount * nextValue) - values[i][t] + (settings.Discount * settings.AdvantageLambda * nextAdvantage);
                nextValue = values[i][t];
                advantages[i][t] = nextAdvantage;
            }
        }

        var all = advantages.SelectMany(row => row).ToArray();
        var mean = all.Average();
        var deviation = Math.Sqrt((all.Sum(advantage => (advantage - mean) * (advantage - mean)) / (all.Length - 1)) + 1e-8);
        return (
            [.. advantages.Select(row => row.Select(advantage => (advantage - mean) / deviation).ToArray())],
            [.. advantages.Select((row, i) => row.Select((advantage, t) => advantage + values[i][t]).ToArray())]);
    }

    private (double[][] Advantages, double[][] Returns) OfResponses(double[] rewards, Func<double, double[], double> advantageOf) => (
        [
            .. rollouts.Select((rollout, i) =>
            {
                double[] group = [.. rewards.Where((_, j) => rollouts[j].PromptId == rollout.PromptId)];
                return Enumerable.Repeat(advantageOf(rewards[i], group), rollout.Example.ResponseLength).ToArray();
            }),
        ],
        [.. rollouts.Select(rollout => new double[rollout.Example.ResponseLength])]);
}
