using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Tokenization;

namespace Rlhf.Generator.Engine;

/// <summary>A model in memory, its adapter merged.</summary>
internal sealed class LoadedVersion : IDisposable
{
    private LoadedVersion(CausalLanguageModel model, TextTokenizer tokenizer)
    {
        Model = model;
        Sampler = new BatchSampler(model, tokenizer);
        Scorer = new ContinuationScorer(model);
    }

    public CausalLanguageModel Model { get; }

    public BatchSampler Sampler { get; }

    public ContinuationScorer Scorer { get; }

    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public static LoadedVersion Load(VersionFiles files, TextTokenizer tokenizer)
    {
        var model = CausalLanguageModel.Load(files.ModelFolder);
        if (files.AdapterFolder is { } folder)
        {
            using var adapter = LoraAdapter.Load(model, folder);
            adapter.Merge();
        }

        return new LoadedVersion(model, tokenizer);
    }

    public void Dispose() => Model.Dispose();
}
