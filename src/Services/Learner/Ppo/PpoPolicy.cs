using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.Learner.Training;
using Rlhf.PolicyOptimization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// The policy being trained: a frozen model, a LoRA adapter on its linear layers, and a value head on its last hidden state.
/// The baseline is the same model with the adapter off: no second copy in memory.
/// </summary>
internal sealed class PpoPolicy : IDisposable
{
    private readonly CausalLanguageModel _model;
    private readonly double _temperature;

    private PpoPolicy(CausalLanguageModel model, LoraAdapter adapter, double temperature)
    {
        _model = model;
        _temperature = temperature;
        Adapter = adapter;
        Adapter.Activate();
        ValueHead = ScalarHead.CreateZero(model.Config.HiddenSize, model.Device);
    }

    /// <summary>Puts a new adapter, which changes nothing yet, and a zero value head on the model, which the policy then owns.</summary>
    public static PpoPolicy Create(CausalLanguageModel model, int rank, double temperature, ulong seed) => new(
        model, LoraAdapter.Create(model, new LoraOptions { Rank = rank, Alpha = 2.0 * rank }, Seeds.ForTorch(seed)), temperature);

    /// <summary>Goes on from a published step.</summary>
    /// <param name="model">The baseline, which the policy then owns.</param>
    /// <param name="folder">The step's adapter.</param>
    /// <param name="checkpoint">What else it left.</param>
    /// <param name="temperature">Divides the logits.</param>
    /// <exception cref="InvalidDataException">The step does not fit the model.</exception>
    public static PpoPolicy Resume(CausalLanguageModel model, string folder, PpoCheckpoint checkpoint, double temperature)
    {
        if (checkpoint.ValueHead.Length != model.Config.HiddenSize)
        {
            throw new InvalidDataException($"The value head has {checkpoint.ValueHead.Length} weights; the model takes {model.Config.HiddenSize}.");
        }

        var policy = new PpoPolicy(model, LoraAdapter.Load(model, folder), temperature);
        using var noGradients = no_grad();
        using var weights = tensor(checkpoint.ValueHead, 1, checkpoint.ValueHead.Length, device: model.Device); // [1, C]
        policy.ValueHead.Weight.copy_(weights);
        return policy;
    }

    /// <summary>What changes the baseline into the policy.</summary>
    public LoraAdapter Adapter { get; }

    /// <summary>Predicts the return from each position.</summary>
    public ScalarHead ValueHead { get; }

    /// <summary>Adapter and value head as a share of the model's weights.</summary>
    public double TrainableShare => (Adapter.ParameterCount + ValueHead.Weight.numel()) / (double)_model.ParameterCount;

    /// <summary>Where the weights are.</summary>
    public Device Device => _model.Device;

    /// <summary>Writes the adapter in PEFT's layout, and beside it what is needed to go on from here.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder, string baseName, long step, double beta)
    {
        Adapter.Save(folder, baseName);
        using var weights = ValueHead.Weight.detach().cpu(); // [1, C]
        new PpoCheckpoint(step, beta, weights.data<float>().ToArray()).Save(folder);
    }

    /// <summary>Log-probabilities of the response tokens, values and entropies of the policy, with gradients where they are on.</summary>
    /// <returns>Three tensors [N]; the caller's scope owns them.</returns>
    public (Tensor Logprobs, Tensor Values, Tensor Logits) Forward(ResponseBatch batch)
    {
        var hidden = batch.Hidden(_model); // [N, C]
        var logits = _model.Logits(hidden); // [N, V]
        return (TokenLogprobs.Gather(logits, batch.Targets, _temperature), ValueHead.Forward(hidden), logits); // [N], [N], [N, V]
    }

    /// <summary>What policy and baseline say of responses, without gradients.</summary>
    public PolicyReading Read(IReadOnlyList<Rollout> rollouts)
    {
        var reading = new PolicyReading(
            new float[rollouts.Count][], new float[rollouts.Count][], new float[rollouts.Count][], new float[rollouts.Count][]);
        var lengths = rollouts.Select(rollout => rollout.Example.TokenIds.Length).ToArray();
        using var noGradients = no_grad();
        foreach (var part in Minibatches.Parts([.. Enumerable.Range(0, rollouts.Count)], lengths))
        {
            using var scope = NewDisposeScope();
            using var batch = new ResponseBatch([.. part.Select(index => rollouts[index].Example)], Device);
            var (logprobs, values, logits) = Forward(batch);
            Scatter(logprobs, reading.PolicyLogprobs, part, rollouts);
            Scatter(values, reading.Values, part, rollouts);
            Scatter(TokenLogprobs.Entropy(logits, _temperature), reading.Entropies, part, rollouts);
            using (Adapter.Off())
            {
                var referenceLogits = _model.Logits(batch.Hidden(_model)); // [N, V]
                Scatter(TokenLogprobs.Gather(referenceLogits, batch.Targets, _temperature), reading.ReferenceLogprobs, part, rollouts);
            }
        }

        return reading;
    }

    /// <summary>All that trains: the adapter's factors and the value head.</summary>
    public IReadOnlyList<Parameter> Parameters() => [.. Adapter.Parameters, ValueHead.Weight];

    public void Dispose()
    {
        Adapter.Dispose();
        ValueHead.Dispose();
        _model.Dispose();
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
