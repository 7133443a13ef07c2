using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.V1;
using TorchSharp.Modules;

namespace Rlhf.Learner.Training;

/// <summary>
/// A policy that trains beside its frozen baseline: either an adapter on a frozen model, which is the baseline where the adapter
/// is off, or a whole model beside a frozen copy of itself.
/// </summary>
internal sealed class TrainablePolicy : IDisposable
{
    private TrainablePolicy(CausalLanguageModel model, LoraAdapter? adapter, CausalLanguageModel? copy)
    {
        Model = model;
        Adapter = adapter;
        Baseline = copy ?? model;
        if (adapter is null)
        {
            model.SetTrainable(true);
        }

        adapter?.Activate();
    }

    /// <summary>The model that samples, with its adapter where it has one.</summary>
    public CausalLanguageModel Model { get; }

    /// <summary>What changes the baseline into the policy; null where the whole model trains.</summary>
    public LoraAdapter? Adapter { get; }

    /// <summary>What the policy was at first: the frozen copy, or the model itself, to be read inside <see cref="AdapterOff"/>.</summary>
    public CausalLanguageModel Baseline { get; }

    /// <summary>Whether all weights train.</summary>
    public bool IsWhole => Adapter is null;

    /// <summary>What a version of it is published as.</summary>
    public VersionKind Kind => IsWhole ? VersionKind.Policy : VersionKind.PolicyAdapter;

    /// <summary>Number of weights that train.</summary>
    public long TrainableCount => Adapter?.ParameterCount ?? Model.ParameterCount;

    /// <summary>Puts an adapter on a model; both are then the policy's.</summary>
    public static TrainablePolicy WithAdapter(CausalLanguageModel model, LoraAdapter adapter) => new(model, adapter, null);

    /// <summary>Puts a new adapter, which changes nothing yet, on a model, which the policy then owns.</summary>
    /// <param name="model">The baseline.</param>
    /// <param name="rank">r; alpha is twice that.</param>
    /// <param name="seed">Of the adapter's A.</param>
    public static TrainablePolicy WithNewAdapter(CausalLanguageModel model, int rank, ulong seed) =>
        WithAdapter(model, LoraAdapter.Create(model, ShapeOf(rank), Seeds.ForTorch(seed)));

    /// <summary>An adapter of a rank, with twice that as alpha.</summary>
    public static LoraOptions ShapeOf(int rank) => new() { Rank = rank, Alpha = 2.0 * rank };

    /// <summary>Trains all weights of a model, which the policy then owns.</summary>
    /// <param name="model">The policy.</param>
    /// <param name="baseline">A frozen copy, also the policy's; null where the baseline is only read before the first update.</param>
    public static TrainablePolicy Whole(CausalLanguageModel model, CausalLanguageModel? baseline) => new(model, null, baseline);

    /// <summary>All that trains.</summary>
    public IReadOnlyList<Parameter> Parameters() => Adapter is { } adapter ? [.. adapter.Parameters] : [.. Model.Parameters.Values];

    /// <summary>Makes policy and baseline compute as told until the result is disposed.</summary>
    public TrainingMode Computing(Precision precision, bool recomputesBlocks) => new(precision, recomputesBlocks, [.. new[] { Model, Baseline }.Distinct()]);

    /// <summary>Takes the adapter away until the result is disposed; null where there is none.</summary>
    public IDisposable? AdapterOff() => Adapter?.Off();

    /// <summary>Writes the adapter in PEFT's layout, or the whole model in Hugging Face's without its tokenizer.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="baseName">Of the adapter's base.</param>
    /// <param name="specialTokens">First and last token of a text, for the config.json of a whole model.</param>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public void Save(string folder, string baseName, (int Bos, int Eos) specialTokens)
    {
        if (Adapter is { } adapter)
        {
            adapter.Save(folder, baseName);
        }
        else
        {
            Model.Save(folder, specialTokens.Bos, specialTokens.Eos);
        }
    }

    public void Dispose()
    {
        Adapter?.Dispose();
        Model.Dispose();
        if (!ReferenceEquals(Baseline, Model))
        {
            Baseline.Dispose();
        }
    }
}
