using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling.Batching;
using Rlhf.Tokenization;

namespace Rlhf.Generator.Engine;

/// <summary>A model in memory, its adapter merged, packed for decoding.</summary>
internal sealed class LoadedVersion : IDisposable
{
    private readonly DecodingModel _model;

    private LoadedVersion(DecodingModel model, long parameterCount, TextTokenizer tokenizer, long keyValueBytes)
    {
        (_model, ParameterCount) = (model, parameterCount);
        Batch = new RunningBatch(model, tokenizer, keyValueBytes);
    }

    public ModelConfig Config => _model.Config;

    public long ParameterCount { get; }

    /// <summary>What the version works on.</summary>
    public RunningBatch Batch { get; }

    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public static LoadedVersion Load(VersionFiles files, TextTokenizer tokenizer, int threads, long keyValueBytes)
    {
        using var model = CausalLanguageModel.Load(files.ModelFolder);
        if (files.AdapterFolder is { } folder)
        {
            using var adapter = LoraAdapter.Load(model, folder);
            adapter.Merge();
        }

        return new LoadedVersion(DecodingModel.Pack(model, threads), model.ParameterCount, tokenizer, keyValueBytes);
    }

    public void Dispose()
    {
        Batch.Dispose();
        _model.Dispose();
    }
}
