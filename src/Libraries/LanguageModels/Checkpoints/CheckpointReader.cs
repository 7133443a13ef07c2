using System.Text.Json;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json names.</summary>
public sealed class CheckpointReader : IDisposable
{
    private readonly string _folder;
    private readonly ScalarType _type;
    private readonly List<SafetensorsReader> _files = [];
    private readonly Dictionary<string, SafetensorsReader> _fileOf = new(StringComparer.Ordinal);

    /// <summary>Opens the folder's weights.</summary>
    /// <exception cref="InvalidDataException">A file is missing or malformed; the message names it.</exception>
    public CheckpointReader(string folder, ScalarType type)
    {
        _folder = folder;
        _type = type;
        try
        {
            foreach (var name in FileNames(folder))
            {
                var path = Path.Combine(folder, name);
                if (!File.Exists(path))
                {
                    throw new InvalidDataException($"{folder} lacks {name}, which holds the model's weights.");
                }

                var file = new SafetensorsReader(path);
                _files.Add(file);
                foreach (var tensor in file.Names)
                {
                    if (!_fileOf.TryAdd(tensor, file))
                    {
                        throw new InvalidDataException($"{path}: \"{tensor}\" is in another shard as well.");
                    }
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether the folder has a tensor of that name.</summary>
    public bool Contains(string name) => _fileOf.ContainsKey(name);

    /// <summary>Reads a tensor of the expected shape, converted to the type asked for. The caller owns it.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape.</exception>
    public Tensor Read(string name, params long[] shape)
    {
        if (!_fileOf.TryGetValue(name, out var file))
        {
            throw new InvalidDataException($"{_folder}: the weights lack \"{name}\".");
        }

        if (!file.ShapeOf(name).SequenceEqual(shape))
        {
            throw new InvalidDataException(
                $"{_folder}: \"{name}\" has shape [{string.Join(", ", file.ShapeOf(name))}]; config.json asks for [{string.Join(", ", shape)}].");
        }

        return file.Read(name, _type);
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(f => f.Dispose());

    private static IEnumerable<string> FileNames(string folder)
    {
        var index = Path.Combine(folder, "model.safetensors.index.json");
        if (!File.Exists(index))
        {
            return ["model.safetensors"];
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(index));
            var names = json.RootElement.GetProperty("weight_map").EnumerateObject()
                .Select(e => e.Value.GetString() ?? "").Distinct().ToList();
            return names.Find(n => n.Length == 0 || Path.GetFileName(n) != n) is { } bad
                ? throw new InvalidDataException($"{index} names the shard \"{bad}\", which is not a plain file name.")
                : names;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"{index} is malformed: {e.Message}", e);
        }
    }
}
