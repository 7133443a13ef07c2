using System.Text.Json;

namespace Rlhf.ModelHub;

/// <summary>Which files of a repository a model needs.</summary>
internal static class ModelFiles
{
    public const string Config = "config.json";
    public const string Weights = "model.safetensors";
    public const string Index = "model.safetensors.index.json";

    private const int MaxIndexLength = 64 << 20;

    private static readonly string[] s_companions =
    [
        "generation_config.json", "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "chat_template.jinja",
    ];

    /// <summary>Those that are needed first; of the weights, the whole file or the index of the shards.</summary>
    /// <exception cref="HubException">There is no config.json, or no weights as safetensors.</exception>
    public static IReadOnlyList<string> Choose(HubModelId model, IReadOnlySet<string> names)
    {
        if (!names.Contains(Config))
        {
            throw new HubException($"{model} has no config.json, so it is no language model in the Hugging Face layout; choose another one.");
        }

        var weights = names.Contains(Weights) ? Weights : Index;
        return names.Contains(weights)
            ? [Config, .. s_companions.Where(names.Contains), weights]
            : throw new HubException($"{model} has no weights as {Weights}; choose a revision or a model that has, or convert it and give the folder.");
    }

    /// <summary>The shards that a downloaded index names.</summary>
    /// <exception cref="InvalidDataException">It is no index, or names something else than a file beside it.</exception>
    public static IReadOnlyList<string> ShardsOf(string indexPath)
    {
        try
        {
            if (new FileInfo(indexPath) is { Exists: true, Length: > MaxIndexLength })
            {
                throw new InvalidDataException($"{indexPath} is too long for an index of shards; delete it and download again.");
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(indexPath));
            var shards = json.RootElement.GetProperty("weight_map").EnumerateObject().Select(e => e.Value.GetString() ?? "").Distinct().ToList();
            return shards.Count > 0 && shards.TrueForAll(IsPlainName)
                ? shards
                : throw new InvalidDataException($"{indexPath} names shards that are not plain .safetensors files; choose another model.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException($"{indexPath} is no index of shards; delete it and download again.", e);
        }
    }

    /// <summary>Whether a folder has what a model can't do without.</summary>
    public static bool AreComplete(string folder)
    {
        bool Has(string name) => File.Exists(Path.Combine(folder, name));
        return Has(Config) && (Has(Weights) || (Has(Index) && ShardsOf(Path.Combine(folder, Index)).All(Has)));
    }

    private static bool IsPlainName(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
