using System.Buffers.Binary;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>
/// Reads a safetensors file: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes. The file is mapped, and
/// the header is checked against it before anything is allocated.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private const int PrefixLength = 8;
    private const int MaxHeaderLength = 100_000_000; // as in the reference implementation
    private const int ChunkLength = 1 << 22; // numbers converted at a time

    private readonly string _path;
    private readonly MappedFile _file;
    private readonly Dictionary<string, SafetensorsEntry> _entries;
    private readonly long _dataStart;

    /// <summary>Opens the file and checks its header.</summary>
    /// <exception cref="InvalidDataException">The file is not a well-formed safetensors file; the message says where.</exception>
    public SafetensorsReader(string path)
    {
        _path = path;
        _file = Open(path);
        try
        {
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(_file.Bytes(0, PrefixLength));
            if (headerLength > MaxHeaderLength || (long)headerLength > _file.Length - PrefixLength)
            {
                throw MalformedFile.Because(path, $"its header is said to be {headerLength} bytes long, in a file of {_file.Length}");
            }

            _dataStart = PrefixLength + (long)headerLength;
            _entries = SafetensorsHeader.Read(_file.Bytes(PrefixLength, (int)headerLength), _file.Length - _dataStart, path);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Names of the tensors.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>Whether there is a tensor of that name.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>The shape of a tensor.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    public IReadOnlyList<long> ShapeOf(string name) => _entries[name].Shape;

    /// <summary>Reads a tensor, converted to <paramref name="type"/>. The caller owns it.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="InvalidDataException">Its numbers are neither float32, bfloat16 nor float16.</exception>
    public Tensor Read(string name, ScalarType type)
    {
        var entry = _entries[name];
        var storedType = FloatTypeOf(name);
        using var scope = NewDisposeScope();
        var tensor = empty(entry.Shape, type);
        var flat = tensor.view(-1); // [numbers]
        var count = flat.shape[0];
        for (var first = 0L; first < count; first += ChunkLength)
        {
            using var chunk = NewDisposeScope();
            var part = flat.narrow(0, first, Math.Min(ChunkLength, count - first));
            var stored = storedType == type ? part : empty(part.shape, storedType);
            var start = _dataStart + entry.Start + (first * entry.Type.Size);
            var bytes = stored.bytes;
            _file.Bytes(start, bytes.Length).CopyTo(bytes);
            _file.Release(start, bytes.Length);
            if (!ReferenceEquals(stored, part))
            {
                part.copy_(stored);
            }
        }

        return tensor.MoveToOuterDisposeScope();
    }

    /// <summary>A tensor where it lies, valid while the file is open.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    /// <exception cref="InvalidDataException">Its numbers are neither float32, bfloat16 nor float16.</exception>
    internal unsafe WeightView Find(string name)
    {
        var (entry, type) = (_entries[name], FloatTypeOf(name));
        if (!_file.IsWhole)
        {
            throw MalformedFile.Because(_path, "it has been cut since it was opened");
        }

        return new WeightView(_file.Address(_dataStart + entry.Start, entry.End - entry.Start), type, entry.Shape, _file);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static MappedFile Open(string path)
    {
        try
        {
            // Before it is opened: a pipe has no length either, and opening one waits for a writer.
            var file = new FileInfo(path);
            var length = ((file.ResolveLinkTarget(returnFinalTarget: true) ?? file) as FileInfo)?.Length;
            return length >= PrefixLength
                ? new MappedFile(path)
                : throw MalformedFile.Because(path, $"{length} bytes are too short for a safetensors file");
        }
        catch (FileNotFoundException e)
        {
            throw new InvalidDataException($"There is no file {path}; download or save it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path} can't be read by this user; mend its permissions or copy it to another disk.", e);
        }
    }

    private ScalarType FloatTypeOf(string name) => _entries[name].Type is { Type: { } type }
        ? type
        : throw new InvalidDataException(
            $"{_path}: {MalformedFile.Quote(name)} has type {_entries[name].Type.Name}, and only F32, BF16 and F16 are supported; convert the checkpoint to one of them.");
}
