using Rlhf.LanguageModels.Checkpoints;
using Rlhf.LanguageModels.Configuration;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// A model folder that is open for packing: its weights stay in the system's cache, not in this process's memory, and are read from
/// there each time that a <see cref="DecodingModel"/> takes them over. For one thread at a time.
/// </summary>
public sealed class Checkpoint : IWeightStore, IDisposable
{
    private readonly CheckpointReader _reader;
    private readonly CheckpointSource _source;

    /// <summary>Opens a folder in Hugging Face layout.</summary>
    /// <param name="folder">Holds config.json and model.safetensors, whole or in shards; float32, bfloat16 or float16.</param>
    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public Checkpoint(string folder)
    {
        Folder = folder;
        Config = ConfigFile.Load(folder).Config;
        _reader = new CheckpointReader(folder, ScalarType.Float32);
        _source = new CheckpointSource(folder, _reader, WeightNames.Of(Config.Family));
    }

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <inheritdoc/>
    WeightView IWeightStore.Find(string name, params long[] shape) => _source.Find(name, shape);

    /// <inheritdoc/>
    void IWeightStore.RequireAllFound() => _source.RequireAllRead();

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();
}
