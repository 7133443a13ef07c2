using Rlhf.LanguageModels.Configuration;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>A checkpoint's weights by the names that the family's language model has; a bare transformer's lack the prefix.</summary>
internal sealed class CheckpointSource(string folder, CheckpointReader weights, WeightNames names)
{
    private readonly string _omitted = weights.Names.Any(name => name.StartsWith(names.Base, StringComparison.Ordinal)) ? "" : names.Base;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Reads a tensor of the expected shape. The caller owns it.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape.</exception>
    public Tensor Read(string name, params long[] shape) => weights.Read(Stored(name), shape);

    /// <summary>A weight of the expected shape where it lies.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, or it has another shape.</exception>
    public WeightView Find(string name, params long[] shape) => weights.Find(Stored(name), shape);

    /// <summary>Refuses a checkpoint with weights that nothing has asked for: the model they belong to gives other numbers.</summary>
    /// <exception cref="InvalidDataException">There are such weights.</exception>
    public void RequireAllRead()
    {
        if (weights.Names.FirstOrDefault(name => !_read.Contains(name) && !names.CanBeIgnored(name)) is { } unknown)
        {
            throw new InvalidDataException(
                $"{folder}: the weights hold {MalformedFile.Quote(unknown)}, for which the model that config.json describes has no place; take both from the same model.");
        }
    }

    private string Stored(string name)
    {
        var stored = _omitted.Length > 0 && name.StartsWith(_omitted, StringComparison.Ordinal) ? name[_omitted.Length..] : name;
        _read.Add(stored);
        return stored;
    }
}
