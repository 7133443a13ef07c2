using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rlhf.LanguageModels.Tests;

/// <summary>Seeded damage to the files of a model folder: what broken downloads, bad tools and ill will make of them.</summary>
internal sealed partial class FileMutations(int seed)
{
    private const int PrefixLength = 8;

    private static readonly string[] s_values =
    [
        "0", "-1", "1", "3", "1.5", "1e3", "1e999", "-0", "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808",
        "1e15", "18446744073709551616", "NaN", "Infinity", "null", "true", "\"8\"", "[]", "{}", "[[]]", "\"F32\"", "\"\\ud800\"", "",
    ];

    private static readonly string[] s_types = ["F32", "F16", "BF16", "F64", "I64", "BOOL", "Q4", "", "f32"];

    private static readonly string[] s_shards = ["../x.safetensors", "/etc/passwd", "a/../../x.safetensors", "..\\x.safetensors", "", ".", "no.safetensors", "C:x.safetensors"];

    private readonly Random _random = new(seed);

    /// <summary>Damaged contents of a file.</summary>
    /// <param name="name">Its name, which says its kind.</param>
    /// <param name="content">Its whole contents.</param>
    public byte[] Damage(string name, byte[] content) => name.EndsWith(".safetensors", StringComparison.Ordinal)
        ? DamageWeights(content)
        : Encoding.UTF8.GetBytes(DamageJson(Encoding.UTF8.GetString(content), 0, content)).ToArray();

    private byte[] DamageWeights(byte[] content)
    {
        var headerLength = (int)BinaryPrimitives.ReadInt64LittleEndian(content);
        switch (_random.Next(8))
        {
            case 0:
                return content[.._random.Next(content.Length)];
            case 1:
                return [.. content, .. Noise(1 + _random.Next(100))];
            case 2:
                ulong[] lengths = [0, 1, (ulong)headerLength - 1, (ulong)headerLength + 1, 99_999_999, 100_000_001, int.MaxValue, long.MaxValue, ulong.MaxValue, 1UL << 50, (ulong)_random.NextInt64()];
                BinaryPrimitives.WriteUInt64LittleEndian(content, lengths[_random.Next(lengths.Length)]);
                return content;
            case 3:
                Flip(content.AsSpan(0, PrefixLength + headerLength));
                return content;
            case 4:
                Flip(content.AsSpan(PrefixLength + headerLength));
                return content;
            default:
                var header = Encoding.UTF8.GetBytes(DamageJson(Encoding.UTF8.GetString(content, PrefixLength, headerLength), 1 + _random.Next(6), content));
                var prefix = new byte[PrefixLength];
                BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
                return [.. prefix, .. header, .. content.AsSpan(PrefixLength + headerLength)];
        }
    }

    private string DamageJson(string json, int kind, byte[] content) => (kind == 0 ? 1 + _random.Next(8) : kind) switch
    {
        1 => ReplaceOne(json, Number(), s_values[_random.Next(s_values.Length)]),
        2 => ReplaceOne(json, Number(), (_random.NextInt64(long.MaxValue) >> _random.Next(63)).ToString(CultureInfo.InvariantCulture)),
        3 => ReplaceOne(json, Text(), Quoted(s_types.Concat(s_shards).ToArray())),
        4 => ReplaceOne(json, Value(), string.Concat(Enumerable.Repeat("[", 1 << _random.Next(16)))),
        5 => SwapTwo(json),
        6 => ReplaceOne(json, Value(), ": " + s_values[_random.Next(s_values.Length)]),
        7 => json[.._random.Next(json.Length)],
        _ => Flipped(content),
    };

    private string Flipped(byte[] content)
    {
        Flip(content);
        return Encoding.Latin1.GetString(content);
    }

    // Two numbers change places, or one name comes twice.
    private string SwapTwo(string json)
    {
        var pattern = _random.Next(2) == 0 ? Number() : Text();
        var found = pattern.Matches(json);
        var (a, b) = (found[_random.Next(found.Count)], found[_random.Next(found.Count)]);
        (a, b) = a.Index <= b.Index ? (a, b) : (b, a);
        return a.Index == b.Index || _random.Next(2) == 0
            ? string.Concat(json.AsSpan(0, b.Index), a.Value, json.AsSpan(b.Index + b.Length))
            : string.Concat(string.Concat(json.AsSpan(0, a.Index), b.Value, json.AsSpan(a.Index + a.Length, b.Index - a.Index - a.Length), a.Value), json.AsSpan(b.Index + b.Length));
    }

    private string ReplaceOne(string json, Regex pattern, string by)
    {
        var found = pattern.Matches(json);
        var one = found[_random.Next(found.Count)];
        return string.Concat(json.AsSpan(0, one.Index), by, json.AsSpan(one.Index + one.Length));
    }

    private string Quoted(string[] choices) => "\"" + choices[_random.Next(choices.Length)].Replace("\\", "\\\\", StringComparison.Ordinal) + "\"";

    private void Flip(Span<byte> bytes)
    {
        for (var flips = 1 + _random.Next(4); flips > 0 && bytes.Length > 0; flips--)
        {
            bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        }
    }

    private byte[] Noise(int length)
    {
        var noise = new byte[length];
        _random.NextBytes(noise);
        return noise;
    }

    [GeneratedRegex(@"(?<=[\[:,]\s*)-?\d+(\.\d+)?([eE][+-]?\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();

    [GeneratedRegex(@":\s*")]
    private static partial Regex Value();
}
