using System.Text.Json;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>Reads the JSON files of a model folder.</summary>
internal static class CheckedJson
{
    private const int MaxLength = 64 << 20; // an index of a million tensors

    private static readonly JsonDocumentOptions s_options = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <summary>The file's object. The caller disposes it.</summary>
    /// <exception cref="InvalidDataException">The file is missing, too long, or no JSON object; the message names it.</exception>
    public static JsonDocument ReadObject(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaxLength)
            {
                throw MalformedFile.Because(path, $"{length} bytes are too long for such a file");
            }

            var json = JsonDocument.Parse(File.ReadAllBytes(path), s_options);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                return json;
            }

            json.Dispose();
            throw MalformedFile.Because(path, "it holds no JSON object");
        }
        catch (JsonException e)
        {
            throw MalformedFile.Because(path, $"it is not valid JSON near line {e.LineNumber + 1} ({Said(e)})", e);
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

    /// <summary>A value of the file, read by a function that fails on another JSON type.</summary>
    /// <exception cref="InvalidDataException">The value has another type; the message names it.</exception>
    public static T Value<T>(JsonElement value, string path, string name, Func<JsonElement, T> read)
    {
        try
        {
            return read(value);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or KeyNotFoundException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: \"{name}\" is {Shown(value)}, which is not the kind of value that belongs there.", e);
        }
    }

    /// <summary>A value, fit for a message.</summary>
    public static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => MalformedFile.Quote(value.GetRawText()).Trim('"') is var text && value.ValueKind == JsonValueKind.String ? $"\"{text}\"" : text,
    };

    // The first sentence: a place follows, and sometimes advice.
    private static string Said(JsonException e) =>
        MalformedFile.Quote(e.Message.Split([". ", " LineNumber:", " Path:"], StringSplitOptions.None)[0].TrimEnd('.')).Trim('"');
}
