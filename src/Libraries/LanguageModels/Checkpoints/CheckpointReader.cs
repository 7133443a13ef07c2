using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json names.</summary>
public sealed class CheckpointReader : IDisposable
{
    private const string SingleFile = "model.safetensors";

    private readonly string _folder;
    private readonly List<SafetensorsReader> _files = [];
    private readonly Dictionary<string, SafetensorsReader> _fileOf = new(StringComparer.Ordinal);

    /// <summary>Opens the folder's weights.</summary>
    /// <param name="folder">A folder in Hugging Face layout.</param>
    /// <param name="type">What <see cref="Read"/> converts to.</param>
    /// <exception cref="InvalidDataException">A file is missing or malformed; the message names it.</exception>
    public CheckpointReader(string folder, ScalarType type)
    {
        (_folder, Type) = (folder, type);
        try
        {
            var index = Path.Combine(folder, ShardIndex.FileName);
            if (File.Exists(Path.Combine(folder, SingleFile)) || !File.Exists(index))
            {
                Open(SingleFile);
            }
            else
            {
                OpenShards(index);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The type that tensors are converted to.</summary>
    public ScalarType Type { get; }

    /// <summary>Names of the tensors.</summary>
    public IReadOnlyCollection<string> Names => _fileOf.Keys;

    /// <summary>Whether the folder has a tensor of that name.</summary>
    public bool Contains(string name) => _fileOf.ContainsKey(name);

    /// <summary>Reads a tensor of the expected shape, converted to the type asked for. The caller owns it.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape or holds no floating-point numbers.</exception>
    public Tensor Read(string name, params long[] shape) => FileOf(name, shape).Read(name, Type);

    /// <summary>A weight of the expected shape where it lies, valid while this is open.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape or holds no floating-point numbers.</exception>
    internal WeightView Find(string name, params long[] shape) => FileOf(name, shape).Find(name);

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(f => f.Dispose());

    private SafetensorsReader FileOf(string name, long[] shape)
    {
        if (!_fileOf.TryGetValue(name, out var file))
        {
            throw new InvalidDataException($"{_folder}: the weights lack \"{name}\"; take config.json and weights from the same model.");
        }

        return file.ShapeOf(name).SequenceEqual(shape)
            ? file
            : throw new InvalidDataException(
                $"{_folder}: \"{name}\" has shape [{string.Join(", ", file.ShapeOf(name))}], and config.json asks for [{string.Join(", ", shape)}]; take both from the same model.");
    }

    private void OpenShards(string index)
    {
        var shardOf = ShardIndex.Read(index);
        foreach (var shard in shardOf.Values.Distinct())
        {
            Open(shard);
        }

        if (shardOf.FirstOrDefault(entry => !_fileOf.ContainsKey(entry.Key)) is { Key: { } missing, Value: var named })
        {
            throw MalformedFile.Because(index, $"it says that {named} holds {MalformedFile.Quote(missing)}, which no shard does");
        }
    }

    private void Open(string name)
    {
        var path = Path.Combine(_folder, name);
        if (!File.Exists(path))
        {
            throw new InvalidDataException(File.Exists(Path.Combine(_folder, "pytorch_model.bin"))
                ? $"{_folder} has its weights as pytorch_model.bin only; save them as {name}."
                : $"{_folder} lacks {name}, which holds the model's weights; download or save it again.");
        }

        CheckLink(path);
        var file = new SafetensorsReader(path);
        _files.Add(file);
        foreach (var tensor in file.Names)
        {
            if (!_fileOf.TryAdd(tensor, file))
            {
                throw MalformedFile.Because(path, $"{MalformedFile.Quote(tensor)} is in another shard as well");
            }
        }
    }

    // A folder made by others must not lead to files elsewhere. The hub's cache keeps a model's files two folders up, in "blobs".
    private void CheckLink(string path)
    {
        if (new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true) is not { FullName: var target })
        {
            return;
        }

        var folder = new DirectoryInfo(_folder);
        var real = (folder.ResolveLinkTarget(returnFinalTarget: true) ?? folder).FullName;
        var isInside = IsBelow(target, real) || IsBelow(target, Path.GetFullPath(Path.Combine(real, "..", "..", "blobs")));
        if (!isInside)
        {
            throw new InvalidDataException($"{path} is a link to {target}, outside of the model's folder; put the file itself there.");
        }
    }

    private static bool IsBelow(string path, string folder) =>
        path.StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
}
