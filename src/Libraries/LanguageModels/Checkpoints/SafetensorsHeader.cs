using System.Text.Json;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>
/// The JSON header of a safetensors file, read without building a tree. What it says must fit the file to the byte: known types,
/// no name twice, sizes that follow from shapes, no overlap, no gap.
/// </summary>
internal ref struct SafetensorsHeader
{
    private const int MaxDepth = 4; // object, tensor, shape
    private const int MaxRank = 8;
    private const int MaxNameLength = 1024;

    private readonly string _path;
    private readonly long _dataLength;
    private readonly Dictionary<string, SafetensorsEntry> _entries = new(StringComparer.Ordinal);
    private Utf8JsonReader _json;

    private SafetensorsHeader(ReadOnlySpan<byte> json, long dataLength, string path)
    {
        (_path, _dataLength) = (path, dataLength);
        _json = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    /// <summary>The file's tensors by name.</summary>
    /// <param name="json">The header.</param>
    /// <param name="dataLength">Bytes after the header.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="InvalidDataException">The header is malformed or doesn't fit the file; the message says where.</exception>
    public static Dictionary<string, SafetensorsEntry> Read(ReadOnlySpan<byte> json, long dataLength, string path)
    {
        var header = new SafetensorsHeader(json, dataLength, path);
        try
        {
            header.ReadAll();
        }
        catch (JsonException e)
        {
            throw MalformedFile.Because(path, $"its header is not valid JSON near byte {8 + header._json.BytesConsumed}", e);
        }
        catch (InvalidOperationException e)
        {
            throw MalformedFile.Because(path, $"its header holds text that is not valid UTF-8 near byte {8 + header._json.BytesConsumed}", e);
        }

        header.CheckCoverage();
        return header._entries;
    }

    private void ReadAll()
    {
        Expect(JsonTokenType.StartObject, "the header");
        var hasMetadata = false;
        while (Next() == JsonTokenType.PropertyName)
        {
            var name = _json.GetString() ?? "";
            if (name == "__metadata__")
            {
                Require(!hasMetadata, "its header has \"__metadata__\" twice");
                hasMetadata = true;
                ReadMetadata();
                continue;
            }

            Require(name.Length is > 0 and <= MaxNameLength && !name.Any(char.IsControl), $"{MalformedFile.Quote(name)} can't be the name of a tensor");
            Require(_entries.TryAdd(name, ReadEntry(name)), $"its header has {MalformedFile.Quote(name)} twice");
        }

        _json.Read(); // nothing but spaces may follow
    }

    private void ReadMetadata()
    {
        Expect(JsonTokenType.StartObject, "\"__metadata__\"");
        while (Next() == JsonTokenType.PropertyName)
        {
            Expect(JsonTokenType.String, "a value of \"__metadata__\"");
        }
    }

    private SafetensorsEntry ReadEntry(string name)
    {
        StoredType? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        Expect(JsonTokenType.StartObject, MalformedFile.Quote(name));
        while (Next() == JsonTokenType.PropertyName)
        {
            switch (_json.GetString())
            {
                case "dtype" when type is null:
                    Expect(JsonTokenType.String, $"the dtype of {MalformedFile.Quote(name)}");
                    var text = _json.GetString();
                    type = StoredType.Find(text);
                    Require(type is not null, $"{MalformedFile.Quote(name)} has the unknown type {MalformedFile.Quote(text)}");
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(name, "shape", MaxRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(name, "data_offsets", 2);
                    break;
                case var key:
                    throw MalformedFile.Because(_path, $"{MalformedFile.Quote(name)} has an unexpected {MalformedFile.Quote(key)}");
            }
        }

        if (type is null || shape is null || offsets is not [var start, var end])
        {
            throw MalformedFile.Because(_path, $"{MalformedFile.Quote(name)} lacks its dtype, shape or data_offsets");
        }

        Require(
            start <= end && end <= _dataLength && end - start == SizeOf(shape, type.Size),
            $"{MalformedFile.Quote(name)} of {type.Name} [{string.Join(", ", shape)}] is said to lie at {start} to {end} of {_dataLength} bytes");
        return new SafetensorsEntry(type, shape, start, end);
    }

    private long[] ReadNumbers(string name, string key, int most)
    {
        Expect(JsonTokenType.StartArray, $"the {key} of {MalformedFile.Quote(name)}");
        Span<long> numbers = stackalloc long[most];
        var count = 0;
        while (Next() != JsonTokenType.EndArray)
        {
            Require(count < most, $"the {key} of {MalformedFile.Quote(name)} has more than {most} numbers");
            Require(
                _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out numbers[count]) && numbers[count] >= 0,
                $"the {key} of {MalformedFile.Quote(name)} has a value that is no whole number from 0 to {long.MaxValue}");
            count++;
        }

        return numbers[..count].ToArray();
    }

    // Every byte after the header belongs to one tensor.
    private readonly void CheckCoverage()
    {
        var covered = 0L;
        foreach (var (name, entry) in _entries.OrderBy(e => e.Value.Start).ThenBy(e => e.Value.End))
        {
            Require(entry.Start >= covered, $"the bytes of {MalformedFile.Quote(name)} overlap another tensor's");
            Require(entry.Start == covered, $"bytes {covered} to {entry.Start} after the header belong to no tensor");
            covered = entry.End;
        }

        Require(covered == _dataLength, $"bytes {covered} to {_dataLength} after the header belong to no tensor");
    }

    private static Int128 SizeOf(long[] shape, int size)
    {
        Int128 bytes = shape.Contains(0) ? 0 : size;
        foreach (var length in shape)
        {
            bytes = Int128.Min(bytes * length, (Int128)long.MaxValue + 1); // more than any file, and no overflow in the next product
        }

        return bytes;
    }

    private JsonTokenType Next()
    {
        Require(_json.Read(), "its header ends too early");
        return _json.TokenType;
    }

    private void Expect(JsonTokenType type, string what) => Require(Next() == type, $"{what} has the wrong JSON type");

    private readonly void Require(bool isTrue, string otherwise)
    {
        if (!isTrue)
        {
            throw MalformedFile.Because(_path, otherwise);
        }
    }
}
