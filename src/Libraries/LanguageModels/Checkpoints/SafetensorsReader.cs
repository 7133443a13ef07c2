using System.Buffers.Binary;
using System.Text.Json;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>
/// Reads a safetensors file: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes.
/// Header, offsets, overlap, sizes and types are checked before anything is allocated.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private const int MaxHeaderBytes = 100_000_000;

    private readonly FileStream _file;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly long _dataStart;

    /// <summary>Opens the file and checks its header.</summary>
    /// <exception cref="InvalidDataException">The file is not a well-formed safetensors file; the message says where.</exception>
    public SafetensorsReader(string path)
    {
        _file = File.OpenRead(path);
        try
        {
            Span<byte> prefix = stackalloc byte[8];
            if (_file.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
            {
                throw new InvalidDataException($"{path} is too short for a safetensors file.");
            }

            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
            if (headerLength > MaxHeaderBytes || (long)headerLength > _file.Length - 8)
            {
                throw new InvalidDataException($"{path}: the header is said to be {headerLength} bytes long, in a file of {_file.Length}.");
            }

            var header = new byte[headerLength];
            _file.ReadExactly(header);
            _dataStart = 8 + (long)headerLength;
            ReadHeader(header, path);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Names of the tensors.</summary>
    public IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>Reads a tensor, converted to <paramref name="type"/>. The caller owns it.</summary>
    /// <exception cref="KeyNotFoundException">There is no tensor of that name.</exception>
    public Tensor Read(string name, ScalarType type)
    {
        var entry = _entries[name];
        var tensor = empty(entry.Shape, entry.Type);
        _file.Position = _dataStart + entry.Start;
        _file.ReadExactly(tensor.bytes);
        if (entry.Type == type)
        {
            return tensor;
        }

        using (tensor)
        {
            return tensor.to(type);
        }
    }

    /// <summary>The shape of a tensor.</summary>
    public IReadOnlyList<long> ShapeOf(string name) => _entries[name].Shape;

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void ReadHeader(byte[] header, string path)
    {
        try
        {
            using var json = JsonDocument.Parse(header);
            foreach (var property in json.RootElement.EnumerateObject().Where(p => p.Name != "__metadata__"))
            {
                _entries[property.Name] = ReadEntry(property, path);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"{path}: the header is malformed: {e.Message}", e);
        }

        var end = 0L;
        foreach (var (name, entry) in _entries.OrderBy(e => e.Value.Start).ThenBy(e => e.Value.End))
        {
            if (entry.Start < end)
            {
                throw new InvalidDataException($"{path}: the bytes of \"{name}\" overlap another tensor's.");
            }

            end = entry.End;
        }
    }

    private Entry ReadEntry(JsonProperty property, string path)
    {
        var (type, size) = property.Value.GetProperty("dtype").GetString() switch
        {
            "F32" => (ScalarType.Float32, 4),
            "BF16" => (ScalarType.BFloat16, 2),
            "F16" => (ScalarType.Float16, 2),
            var other => throw new InvalidDataException($"{path}: \"{property.Name}\" has type \"{other}\"; F32, BF16 and F16 are supported."),
        };
        var shape = property.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64()).ToArray();
        var offsets = property.Value.GetProperty("data_offsets");
        var (start, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        var bytes = (Int128)size;
        foreach (var length in shape)
        {
            bytes = length >= 0 ? Int128.Min(bytes * length, long.MaxValue) : -1;
        }

        if (start < 0 || end < start || end > _file.Length - _dataStart || end - start != bytes || bytes > int.MaxValue)
        {
            throw new InvalidDataException(
                $"{path}: \"{property.Name}\" of shape [{string.Join(", ", shape)}] is said to lie at {start} to {end} of {_file.Length - _dataStart} bytes.");
        }

        return new Entry(type, shape, start, end);
    }

    private sealed record Entry(ScalarType Type, long[] Shape, long Start, long End);
}
