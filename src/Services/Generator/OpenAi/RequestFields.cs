using System.Text.Json;

namespace Rlhf.Generator.OpenAi;

/// <summary>The fields of a JSON object; each is taken out by who knows it, and what is left at the end is unknown. A null is as good as absent.</summary>
internal sealed class RequestFields
{
    private readonly string _path;
    private readonly Dictionary<string, JsonElement> _left = new(StringComparer.Ordinal);

    /// <param name="json">The object.</param>
    /// <param name="path">Its name in messages, with a dot behind it; empty for the body itself.</param>
    /// <exception cref="OpenAiException">It is no object, or has a field twice.</exception>
    public RequestFields(JsonElement json, string path = "")
    {
        _path = path;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw OpenAiException.InvalidValue($"{(path.Length == 0 ? "The body" : path.TrimEnd('.'))} must be a JSON object.", path.Length == 0 ? null : path.TrimEnd('.'));
        }

        foreach (var field in json.EnumerateObject())
        {
            if (!_left.TryAdd(TextOf(() => field.Name, path), field.Value))
            {
                throw OpenAiException.InvalidValue($"'{path}{field.Name}' is given twice.", path + field.Name);
            }
        }
    }

    /// <summary>Takes a field as it is; null where it is absent.</summary>
    public JsonElement? Take(string name) =>
        _left.Remove(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name) => Take(name) is { } value ? TextOf(value, _path + name) : null;

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    public JsonElement Required(string name) => Take(name) ?? throw Missing(name);

    public bool Flag(string name) => Take(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw WrongType(_path + name, "true or false"),
    };

    public long? Integer(string name, long least, long most)
    {
        if (Take(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
        {
            throw WrongType(_path + name, "an integer");
        }

        return number >= least && number <= most
            ? number
            : throw OpenAiException.InvalidValue($"'{_path}{name}' is {number}; it must be from {least} to {most}.", _path + name);
    }

    public double? Number(string name, double least, double most)
    {
        if (Take(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number))
        {
            throw WrongType(_path + name, "a number");
        }

        return number >= least && number <= most
            ? number
            : throw OpenAiException.InvalidValue(FormattableString.Invariant($"'{_path}{name}' is {number}; it must be from {least} to {most}."), _path + name);
    }

    /// <summary>A field that is known but not supported: only values that change nothing pass.</summary>
    public void Refuse(string name, Predicate<JsonElement> changesNothing, string remedy)
    {
        if (Take(name) is { } value && !changesNothing(value))
        {
            throw OpenAiException.Unsupported(_path + name, $"'{_path}{name}' is not supported with this value; {remedy}");
        }
    }

    /// <summary>Fields that have no influence on the answer.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _left.Remove(name);
        }
    }

    /// <exception cref="OpenAiException">A field is left that nobody knows.</exception>
    public void RequireNothingLeft()
    {
        foreach (var (name, _) in _left)
        {
            throw new OpenAiException(StatusCodes.Status400BadRequest, $"Unknown parameter: '{_path}{name}'.", _path + name, "unknown_parameter");
        }
    }

    public static string TextOf(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.String ? TextOf(() => value.GetString() ?? "", path) : throw WrongType(path, "a string");

    public static OpenAiException WrongType(string path, string wanted) =>
        new(StatusCodes.Status400BadRequest, $"'{path}' must be {wanted}.", path, "invalid_type");

    private static string TextOf(Func<string> read, string path)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw OpenAiException.InvalidValue($"'{path}' has a \\u escape that is half a character; escapes of surrogates come in pairs.", path);
        }
    }

    private OpenAiException Missing(string name) =>
        new(StatusCodes.Status400BadRequest, $"Missing required parameter: '{_path}{name}'.", _path + name, "missing_required_parameter");
}
