using System.Text.Json;
using Rlhf.Tokenization.Bpe;

namespace Rlhf.Tokenization.Files;

/// <summary>A value in a JSON file that knows where it stands, so that a wrong one is refused by its name.</summary>
internal readonly struct JsonField(JsonElement element, string file, string path)
{
    public string File => file;

    public JsonValueKind Kind => element.ValueKind;

    public bool IsNull => element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>Reads a file; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is not valid JSON.</exception>
    public static JsonField? ReadIfPresent(string file)
    {
        if (!System.IO.File.Exists(file))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(file));
            return new JsonField(document.RootElement.Clone(), file, "");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file} is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>A member that must be there.</summary>
    public JsonField this[string name] =>
        Find(name) ?? throw new InvalidDataException($"{file}: {At(name)} is missing.");

    /// <summary>A member; null where it is absent or null.</summary>
    public JsonField? Find(string name)
    {
        Require(JsonValueKind.Object, "an object");
        return element.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null
            ? new JsonField(member, file, At(name)) : null;
    }

    public string Text()
    {
        Require(JsonValueKind.String, "a string");
        try
        {
            return element.GetString() ?? "";
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"{file}: {Name} is not valid Unicode.", e);
        }
    }

    public bool Boolean() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    /// <summary>A token id.</summary>
    public int Id()
    {
        Require(JsonValueKind.Number, "a token id");
        return element.TryGetInt32(out var id) && id is >= 0 and < Vocabulary.IdLimit
            ? id : throw new InvalidDataException($"{file}: {Name} is {element.GetRawText()}; token ids go from 0 to {Vocabulary.IdLimit - 1}.");
    }

    public IEnumerable<JsonField> Items()
    {
        Require(JsonValueKind.Array, "an array");
        var (owner, ownerFile, ownerPath) = (element, file, path);
        return owner.EnumerateArray().Select((item, i) => new JsonField(item, ownerFile, $"{ownerPath}[{i}]"));
    }

    public IEnumerable<(string Name, JsonField Value)> Members()
    {
        Require(JsonValueKind.Object, "an object");
        var (owner, ownerFile, ownerPath) = (element, file, path);
        return owner.EnumerateObject().Select(member =>
        {
            var name = NameOf(member, ownerFile, ownerPath);
            return (name, new JsonField(member.Value, ownerFile, $"{ownerPath}[\"{name}\"]"));
        });
    }

    /// <summary>The refusal of a value that is not what it should be.</summary>
    public InvalidDataException Wrong(string expected) => new($"{file}: {Name} should be {expected}.");

    /// <summary>The refusal of something that is well-formed, but that can't be done here.</summary>
    public InvalidDataException Unsupported(string what) => new($"{file}: {Name} asks for {what}, which is not supported.");

    private string Name => path.Length == 0 ? "the file" : $"\"{path}\"";

    private static string NameOf(JsonProperty member, string file, string path)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"{file}: a name in \"{path}\" is not valid Unicode.", e);
        }
    }

    private string At(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private void Require(JsonValueKind kind, string expected)
    {
        if (element.ValueKind != kind)
        {
            throw Wrong(expected);
        }
    }
}
