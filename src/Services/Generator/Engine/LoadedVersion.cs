using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling.Batching;
using Rlhf.Tokenization;

namespace Rlhf.Generator.Engine;

/// <summary>A model in memory, its adapter merged, ready for decoding.</summary>
internal sealed class LoadedVersion(DecodingModel model, TextTokenizer tokenizer, long keyValueBytes) : IDisposable
{
    public ModelConfig Config => model.Config;

    public long ParameterCount => model.ParameterCount;

    /// <summary>What the version works on.</summary>
    public RunningBatch Batch { get; } = new(model, tokenizer, keyValueBytes);

    /// <summary>Ends the version; its memory is the caller's, for another one's weights.</summary>
    public DecodingModel Release()
    {
        Batch.Dispose();
        return model;
    }

    public void Dispose() => Release().Dispose();
}
