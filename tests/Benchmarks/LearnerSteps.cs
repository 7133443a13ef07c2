using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.Learner.Ppo;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.V1;

namespace Rlhf.Benchmarks;

/// <summary>Steps as the Learner does them, on made-up sequences of given lengths.</summary>
internal static class LearnerSteps
{
    /// <summary>Sequences whose first tokens are the prompt.</summary>
    /// <param name="lengths">Tokens of each, the prompt included.</param>
    public static EncodedExample[] Examples(IEnumerable<int> lengths, int promptLength, int vocabulary) =>
    [
        .. lengths.Select((length, row) => new EncodedExample([.. Enumerable.Range(row * length, length).Select(i => i * 31 % vocabulary)], promptLength)),
    ];

    /// <summary>Forward, backward, bounded gradient, AdamW on all weights; to be called again and again.</summary>
    public static Action Supervised(CausalLanguageModel model, EncodedExample[] examples)
    {
        var lengths = examples.Select(example => example.TokenIds.Length).ToArray();
        int[] all = [.. Enumerable.Range(0, examples.Length)];
        model.SetTrainable(true);
        var optimizer = new AdamWOptimizer(new ParameterGroup(model.Parameters.Values, 1e-4, weightDecay: 0.01));
        return () =>
        {
            var loss = SupervisedTrainer.Backward(model, all, examples, lengths, isPacked: true);
            Update.Apply(optimizer, 1, loss, () => "the benchmark");
        };
    }

    /// <summary>Steps of PPO with an adapter of rank 8, each on the same responses and in one minibatch: policy and baseline read, and one update.</summary>
    /// <param name="onStep">Called after each.</param>
    /// <param name="precision">Of the blocks' linear layers.</param>
    /// <param name="recomputes">Whether blocks run again in the backward pass.</param>
    public static void Ppo(
        CausalLanguageModel model, EncodedExample[] examples, int steps, Action onStep, Precision precision = Precision.Float32, bool recomputes = false)
    {
        using var policy = PpoPolicy.Create(model, rank: 8, temperature: 1, seed: 1);
        var settings = new PpoSettings
        {
            Steps = steps,
            Epochs = 1,
            RolloutsPerStep = examples.Length,
            MinibatchSize = examples.Length,
            LoraRank = 8,
            LearningRate = 1e-9, // so that the responses stay those of the policy
            ValueLearningRate = 1e-9,
            Precision = precision,
            RecomputeActivations = recomputes,
            CorrectsRolloutMismatch = precision != Precision.Float32,
        };
        var unscored = examples.Select(example => new Rollout(example, new float[example.ResponseLength], IsFinished: true, Score: 0, PromptId: "")).ToArray();
        var logprobs = policy.Read(unscored).PolicyLogprobs;
        Rollout[] rollouts = [.. unscored.Select((rollout, row) => rollout with { Logprobs = logprobs[row], Score = row % 3 })];
        new PpoTrainer(policy, settings, 1, null, null, (_, _, _) => "policy", (_, _, _) => rollouts)
            .Train(new Reports(onStep), CancellationToken.None);
    }

    private sealed class Reports(Action onStep) : IProgress<TrainingStep>
    {
        public void Report(TrainingStep value) => onStep();
    }
}
