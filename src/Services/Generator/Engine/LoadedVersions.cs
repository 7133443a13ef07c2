using System.Diagnostics.CodeAnalysis;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using Rlhf.ServiceDefaults;
using Rlhf.Tokenization;
using static TorchSharp.torch;

namespace Rlhf.Generator.Engine;

/// <summary>The versions in memory, most recently used first. For the engine's thread alone, but for what is said otherwise.</summary>
internal sealed partial class LoadedVersions(
    ModelOptions model, GeneratorOptions options, TorchOptions torchOptions, TextTokenizer tokenizer, ILogger<LoadedVersions> logger) : IDisposable
{
    private readonly LinkedList<(string VersionId, LoadedVersion Version)> _loaded = [];
    private ModelConfig? _config;
    private Checkpoint? _checkpoint; // the base of the newest version
    private PackedDecodingModel? _spare; // memory of the version that went last, for the next one
    private Device? _device; // null is the processor

    /// <summary>The base model's shape. Any thread may ask, after <see cref="LoadBase"/>.</summary>
    public ModelConfig Config => _config ?? throw new InvalidOperationException("The base model is not loaded yet.");

    /// <summary>Weights of the base model. Any thread may ask, after <see cref="LoadBase"/>.</summary>
    public long ParameterCount { get; private set; }

    /// <summary>Ids of the versions in memory. Any thread may ask.</summary>
    public IReadOnlyList<string> Ids { get; private set; } = [];

    /// <summary>Loads the base model, before the engine starts.</summary>
    /// <exception cref="StartupException">The folder is not a model that can be used; the message says why.</exception>
    public void LoadBase()
    {
        try
        {
            _device = TensorDevice.Find(torchOptions.Device);
            var loaded = Load(new VersionFiles(ModelOptions.BaseVersion, model.Path, null));
            _config = loaded.Config;
            ParameterCount = loaded.ParameterCount;
        }
        catch (Exception exception) when (exception is InvalidDataException or DeviceUnavailableException)
        {
            throw new StartupException(exception.Message, exception);
        }
    }

    /// <summary>The versions that have something to do.</summary>
    public IReadOnlyList<(string VersionId, LoadedVersion Version)> AtWork() => [.. _loaded.Where(loaded => !loaded.Version.Batch.IsIdle)];

    /// <summary>The version, loaded if it is not.</summary>
    /// <returns>False where it is not loaded, and every version in memory is at work.</returns>
    /// <exception cref="InvalidDataException">A file is missing, malformed or unsupported; the message names it.</exception>
    public bool TryGet(VersionFiles files, [NotNullWhen(true)] out LoadedVersion? version)
    {
        version = Find(files.VersionId);
        if (version is null && MakeRoom())
        {
            version = Load(files);
        }

        return version is not null;
    }

    public void Dispose()
    {
        foreach (var (_, version) in _loaded)
        {
            version.Dispose();
        }

        _spare?.Dispose();
        _checkpoint?.Dispose();
    }

    private LoadedVersion? Find(string versionId)
    {
        for (var node = _loaded.First; node is not null; node = node.Next)
        {
            if (node.Value.VersionId == versionId)
            {
                _loaded.Remove(node);
                _loaded.AddFirst(node);
                return node.Value.Version;
            }
        }

        return null;
    }

    private bool MakeRoom()
    {
        for (var node = _loaded.Last; node is not null && _loaded.Count >= options.LoadedVersions;)
        {
            var previous = node.Previous;
            if (node.Value.Version.Batch.IsIdle)
            {
                _spare?.Dispose();
                var released = node.Value.Version.Release();
                _spare = released as PackedDecodingModel;
                if (_spare is null)
                {
                    released.Dispose();
                }

                _loaded.Remove(node);
            }

            node = previous;
        }

        return _loaded.Count < options.LoadedVersions;
    }

    private LoadedVersion Load(VersionFiles files)
    {
        var version = new LoadedVersion(_device is { } device ? LoadOnto(device, files) : Pack(files), tokenizer, (long)options.KeyValueMegabytes << 20);
        _loaded.AddFirst((files.VersionId, version));
        Ids = [.. _loaded.Select(l => l.VersionId)];
        LogLoaded(logger, files.VersionId);
        return version;
    }

    private TensorDecodingModel LoadOnto(Device device, VersionFiles files) =>
        TensorDecodingModel.Load(files.ModelFolder, files.AdapterFolder, options.WeightFormat(), device, torchOptions.Threads);

    private PackedDecodingModel Pack(VersionFiles files)
    {
        var checkpoint = Open(files.ModelFolder);
        var spare = _spare;
        _spare = null;
        if (spare is null || spare.Config != checkpoint.Config)
        {
            spare?.Dispose();
            return DecodingModel.Pack(checkpoint, files.AdapterFolder, torchOptions.Threads, options.WeightFormat());
        }

        try
        {
            spare.Repack(checkpoint, files.AdapterFolder);
            return spare;
        }
        catch
        {
            spare.Dispose();
            throw;
        }
    }

    // Adapters of one base come one after another: the base stays open.
    private Checkpoint Open(string folder)
    {
        if (_checkpoint?.Folder != folder)
        {
            var opened = new Checkpoint(folder);
            _checkpoint?.Dispose();
            _checkpoint = opened;
        }

        return _checkpoint;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Loaded version {VersionId}")]
    private static partial void LogLoaded(ILogger logger, string versionId);
}
