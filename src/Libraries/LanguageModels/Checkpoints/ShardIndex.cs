using System.Text.Json;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>model.safetensors.index.json: which shard holds which tensor.</summary>
internal static class ShardIndex
{
    /// <summary>The index's file name.</summary>
    public const string FileName = "model.safetensors.index.json";

    /// <summary>The shard of each tensor, a plain file name.</summary>
    /// <exception cref="InvalidDataException">The file is malformed, or a shard's name leads elsewhere; the message says which.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        using var json = CheckedJson.ReadObject(path);
        if (!json.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
        {
            throw MalformedFile.Because(path, "it has no \"weight_map\" from tensors to files");
        }

        var shards = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            var shard = entry.Value.ValueKind == JsonValueKind.String ? CheckedJson.Value(entry.Value, path, "weight_map", v => v.GetString()) : null;
            if (shard is null || !IsPlainName(shard))
            {
                throw MalformedFile.Because(path, $"it names the shard {MalformedFile.Quote(shard)}, which is not a plain file name");
            }

            shards[entry.Name] = shard;
        }

        return shards.Count > 0 ? shards : throw MalformedFile.Because(path, "its \"weight_map\" is empty");
    }

    // Separators of every system: a folder may have been written on another one.
    private static bool IsPlainName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':', '\0']) < 0 && !name.Any(char.IsControl);
}
