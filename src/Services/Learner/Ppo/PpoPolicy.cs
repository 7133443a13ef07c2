using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using Rlhf.V1;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// The policy being trained and its value function: a linear head on the policy's last hidden state, or on that of the frozen
/// baseline with an adapter of the head's own.
/// </summary>
internal sealed class PpoPolicy : IDisposable
{
    private const string ValueAdapterFolder = "value_adapter";

    private readonly TrainablePolicy _policy;
    private readonly LoraAdapter? _valueAdapter;
    private readonly double _temperature;

    private PpoPolicy(TrainablePolicy policy, LoraAdapter? valueAdapter, double temperature)
    {
        _policy = policy;
        _valueAdapter = valueAdapter;
        _temperature = temperature;
        ValueHead = ScalarHead.CreateZero(policy.Model.Config.HiddenSize, policy.Model.Device);
    }

    /// <summary>Puts a new adapter, which changes nothing yet, and a zero value head on the model, which the policy then owns.</summary>
    public static PpoPolicy Create(CausalLanguageModel model, int rank, double temperature, ulong seed) =>
        new(TrainablePolicy.WithNewAdapter(model, rank, seed), null, temperature);

    /// <summary>A policy that is its baseline still, as the settings want it.</summary>
    /// <param name="baseline">Which the policy then owns.</param>
    /// <param name="settings">Say what trains.</param>
    /// <param name="seed">Of the adapters' first weights.</param>
    /// <param name="loadCopy">Gives another copy of the baseline, for full fine-tuning.</param>
    public static PpoPolicy Create(CausalLanguageModel baseline, PpoSettings settings, ulong seed, Func<CausalLanguageModel> loadCopy)
    {
        var policy = settings.FullFineTuning
            ? TrainablePolicy.Whole(loadCopy(), baseline)
            : TrainablePolicy.WithNewAdapter(baseline, settings.LoraRank, seed);
        var valueAdapter = settings.ValueTrunk == ValueTrunk.OwnAdapter
            ? LoraAdapter.Create(baseline, TrainablePolicy.ShapeOf(settings.LoraRank), Seeds.ForTorch(Seeds.Derive(seed, 2)))
            : null;
        return new PpoPolicy(policy, valueAdapter, settings.Temperature);
    }

    /// <summary>Goes on from a published step.</summary>
    /// <param name="baseline">Which the policy then owns.</param>
    /// <param name="folder">The step's files.</param>
    /// <param name="checkpoint">What else it left.</param>
    /// <param name="settings">Of the job, as they were.</param>
    /// <exception cref="InvalidDataException">The step does not fit the model.</exception>
    public static PpoPolicy Resume(CausalLanguageModel baseline, string folder, PpoCheckpoint checkpoint, PpoSettings settings)
    {
        if (checkpoint.ValueHead.Length != baseline.Config.HiddenSize)
        {
            throw new InvalidDataException($"The value head has {checkpoint.ValueHead.Length} weights; the model takes {baseline.Config.HiddenSize}.");
        }

        var trainable = settings.FullFineTuning
            ? TrainablePolicy.Whole(CausalLanguageModel.Load(folder), baseline)
            : TrainablePolicy.WithAdapter(baseline, LoraAdapter.Load(baseline, folder));
        var valueAdapter = settings.ValueTrunk == ValueTrunk.OwnAdapter
            ? LoraAdapter.Load(baseline, Path.Combine(folder, ValueAdapterFolder))
            : null;
        var policy = new PpoPolicy(trainable, valueAdapter, settings.Temperature);
        using var noGradients = no_grad();
        using var weights = tensor(checkpoint.ValueHead, 1, checkpoint.ValueHead.Length, device: baseline.Device); // [1, C]
        policy.ValueHead.Weight.copy_(weights);
        return policy;
    }

    /// <summary>Predicts the return from each position.</summary>
    public ScalarHead ValueHead { get; }

    /// <summary>Whether the value head reads the policy's own hidden states.</summary>
    public bool SharesTrunk => _valueAdapter is null;

    /// <summary>What a step of it is published as.</summary>
    public VersionKind Kind => _policy.Kind;

    /// <summary>All that trains as a share of the model's weights.</summary>
    public double TrainableShare => (_policy.TrainableCount + ValueParameters().Sum(parameter => parameter.numel())) / (double)_policy.Model.ParameterCount;

    /// <summary>Where the weights are.</summary>
    public Device Device => _policy.Model.Device;

    /// <summary>Writes the adapter in PEFT's layout, or the whole model, and beside it what is needed to go on from here.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="baseName">Of the adapter's base.</param>
    /// <param name="specialTokens">First and last token of a text, for the config.json of a whole model.</param>
    /// <param name="step">Updates of the sampling policy so far.</param>
    /// <param name="beta">Weight of the KL penalty.</param>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder, string baseName, (int Bos, int Eos) specialTokens, long step, double beta)
    {
        _policy.Save(folder, baseName, specialTokens);
        _valueAdapter?.Save(Path.Combine(folder, ValueAdapterFolder), baseName);
        using var weights = ValueHead.Weight.detach().cpu(); // [1, C]
        new PpoCheckpoint(step, beta, weights.data<float>().ToArray()).Save(folder);
    }

    /// <summary>Makes policy, baseline and value function compute as told until the result is disposed.</summary>
    public TrainingMode Computing(Precision precision, bool recomputesBlocks) => _policy.Computing(precision, recomputesBlocks);

    /// <summary>Log-probabilities of the response tokens, with what they were made of, and gradients where those are on.</summary>
    /// <returns>[N], [N, V] and [N, C]; the caller's scope owns them.</returns>
    public (Tensor Logprobs, Tensor Logits, Tensor Hidden) Forward(ResponseBatch batch)
    {
        var hidden = batch.Hidden(_policy.Model); // [N, C]
        var logits = _policy.Model.Logits(hidden); // [N, V]
        return (TokenLogprobs.Gather(logits, batch.Targets, _temperature), logits, hidden); // [N], [N, V], [N, C]
    }

    /// <summary>Switches to the value function's own adapter until the result is disposed; null where there is none.</summary>
    public IDisposable? ValueAdapterOn() => _valueAdapter?.On();

    /// <summary>The value function's predictions; with an adapter of its own, to be read and differentiated inside <see cref="ValueAdapterOn"/>.</summary>
    /// <param name="batch">The responses.</param>
    /// <param name="policyHidden">[N, C], the policy's.</param>
    /// <returns>[N]; the caller's scope owns it.</returns>
    public Tensor Values(ResponseBatch batch, Tensor policyHidden) =>
        ValueHead.Forward(SharesTrunk ? policyHidden : batch.Hidden(_policy.Baseline)); // [N]

    /// <summary>Entropy of the distributions that the tokens were drawn from, in nats.</summary>
    /// <returns>[N]; the caller's scope owns it.</returns>
    public Tensor Entropy(Tensor logits) => TokenLogprobs.Entropy(logits, _temperature); // [N]

    /// <summary>What policy and baseline say of responses, without gradients.</summary>
    /// <param name="rollouts">The responses.</param>
    /// <param name="maxTokens">Padded tokens a forward pass.</param>
    public PolicyReading Read(IReadOnlyList<Rollout> rollouts, int maxTokens = LengthBuckets.DefaultTokens)
    {
        var reading = new PolicyReading(
            new float[rollouts.Count][], new float[rollouts.Count][], new float[rollouts.Count][], new float[rollouts.Count][]);
        var lengths = rollouts.Select(rollout => rollout.Example.TokenIds.Length).ToArray();
        using var noGradients = no_grad();
        foreach (var part in Minibatches.Parts([.. Enumerable.Range(0, rollouts.Count)], lengths, maxTokens))
        {
            using var scope = NewDisposeScope();
            using var batch = ResponseBatch.Padded([.. part.Select(index => rollouts[index].Example)], Device);
            var (logprobs, logits, hidden) = Forward(batch);
            Scatter(logprobs, reading.PolicyLogprobs, part, rollouts);
            Scatter(Entropy(logits), reading.Entropies, part, rollouts);
            using (ValueAdapterOn())
            {
                Scatter(Values(batch, hidden), reading.Values, part, rollouts);
            }

            using (_policy.AdapterOff())
            {
                var referenceLogits = _policy.Baseline.Logits(batch.Hidden(_policy.Baseline)); // [N, V]
                Scatter(TokenLogprobs.Gather(referenceLogits, batch.Targets, _temperature), reading.ReferenceLogprobs, part, rollouts);
            }
        }

        return reading;
    }

    /// <summary>What trains of the policy.</summary>
    public IReadOnlyList<Parameter> PolicyParameters() => _policy.Parameters();

    /// <summary>What trains of the value function alone: its head, and its adapter where it has one.</summary>
    public IReadOnlyList<Parameter> ValueParameters() => [ValueHead.Weight, .. _valueAdapter?.Parameters ?? []];

    /// <summary>All that trains.</summary>
    public IReadOnlyList<Parameter> Parameters() => [.. PolicyParameters(), .. ValueParameters()];

    public void Dispose()
    {
        _valueAdapter?.Dispose();
        ValueHead.Dispose();
        _policy.Dispose();
    }

    private static void Scatter(Tensor perToken, float[][] rows, int[] part, IReadOnlyList<Rollout> rollouts)
    {
        var numbers = perToken.cpu().data<float>().ToArray();
        var start = 0;
        foreach (var index in part)
        {
            var length = rollouts[index].Example.ResponseLength;
            rows[index] = numbers.AsSpan(start, length).ToArray();
            start += length;
        }
    }
}
