using System.Text.Json;
using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels.Configuration;

/// <summary>The options of a config.json, each checked as it is read. Null counts as absent unless said otherwise.</summary>
internal sealed class ConfigValues(JsonElement root, string path)
{
    /// <summary>The most that a number of a size may be.</summary>
    public const int Largest = 1 << 24;

    /// <summary>Whether the option is there, null or not.</summary>
    public bool Names(string name) => root.TryGetProperty(name, out _);

    /// <summary>Whether the option is there and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>A whole number from 1 to 2²⁴, or the largest given.</summary>
    public int Positive(string name, int? fallback = null, int largest = Largest) => Whole(name, 1, fallback, largest);

    /// <summary>A whole number from 0 to 2²⁴.</summary>
    public int Natural(string name, int? fallback = null) => Whole(name, 0, fallback, Largest);

    /// <summary>A finite number over 0.</summary>
    public double Real(string name, double? fallback = null)
    {
        if (Find(name) is not { } value)
        {
            return fallback ?? throw Lacking(name);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) && number > 0
            ? number
            : throw Wrong($"\"{name}\" is {CheckedJson.Shown(value)}; it must be a number over 0");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string name, bool fallback) => Find(name) is not { } value ? fallback : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong($"\"{name}\" is {CheckedJson.Shown(value)}; it must be true or false"),
    };

    /// <summary>A text; null where it is absent.</summary>
    public string? Text(string name) => Find(name) is { } value ? CheckedJson.Value(value, path, name, text => text.GetString()) : null;

    /// <summary>A list of texts; null where it is absent.</summary>
    public IReadOnlyList<string>? Texts(string name) => Find(name) is { } value
        ? CheckedJson.Value(value, path, name, list => list.EnumerateArray().Select(item => item.GetString() ?? "").ToList())
        : null;

    /// <summary>How many options are inside an option; null where it is absent.</summary>
    public int? Entries(string name) => Find(name) is not { } value ? null : value.ValueKind == JsonValueKind.Object
        ? value.EnumerateObject().Count()
        : throw Unsupported(name);

    /// <summary>The options inside an option; null where it is absent.</summary>
    public ConfigValues? Inside(string name) => Find(name) is not { } value ? null : value.ValueKind == JsonValueKind.Object
        ? new ConfigValues(value, $"{path}: \"{name}\"")
        : throw Unsupported(name);

    /// <summary>Refuses an option that is there with any other value than true or false as given.</summary>
    public void Refuse(string name, bool unless)
    {
        if (Find(name) is { } value && value.ValueKind != (unless ? JsonValueKind.True : JsonValueKind.False))
        {
            throw Unsupported(name);
        }
    }

    /// <summary>What to throw for an option whose value is not supported.</summary>
    public InvalidDataException Unsupported(string name) =>
        Wrong($"\"{name}\" is {(Find(name) is { } value ? CheckedJson.Shown(value) : "null")}, which is not supported; choose a model without it");

    /// <summary>What to throw for options that don't make sense.</summary>
    public InvalidDataException Wrong(string sentence) => new($"{path}: {sentence}.");

    private int Whole(string name, int least, int? fallback, int largest)
    {
        if (Find(name) is not { } value)
        {
            return fallback ?? throw Lacking(name);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= largest
            ? number
            : throw Wrong($"\"{name}\" is {CheckedJson.Shown(value)}; it must be a whole number from {least} to {largest}");
    }

    private InvalidDataException Lacking(string name) => new($"{path} lacks \"{name}\"; take config.json and weights from the same model.");

    private JsonElement? Find(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
