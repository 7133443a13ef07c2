using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels.Configuration;

/// <summary>A model's config.json.</summary>
/// <param name="Config">What it says about the model.</param>
/// <param name="Source">All that stood in the file, so that nothing is lost when it is written again; null where the model comes from no file.</param>
internal sealed record ConfigFile(ModelConfig Config, JsonElement? Source)
{
    private const string MembersName = "reward_members"; // of ours: what makes labels the members of an ensemble
    private const string PooledTokensName = "reward_pooled_tokens"; // of ours too: of how many last tokens the head reads the mean state
    private const int MostMembers = 1024;

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <summary>Reads and checks a folder's config.json.</summary>
    /// <exception cref="InvalidDataException">The file is missing or malformed, or asks for what is not supported; the message names it.</exception>
    public static ConfigFile Load(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"{folder} has no config.json; a model folder in Hugging Face layout is needed.");
        }

        using var json = CheckedJson.ReadObject(path);
        return new ConfigFile(ConfigParser.Parse(new ConfigValues(json.RootElement, path)), json.RootElement.Clone());
    }

    /// <summary>That of a model which comes from no file.</summary>
    /// <exception cref="ArgumentException">The family has no model of these parts.</exception>
    public static ConfigFile Of(ModelConfig config)
    {
        using var json = JsonDocument.Parse(ConfigWriter.Write(config).ToJsonString());
        try
        {
            return ConfigParser.Parse(new ConfigValues(json.RootElement, "The model's shape")) == config
                ? new ConfigFile(config, null)
                : throw new ArgumentException($"No {config.Family} model has these parts; set what the family's config.json can say.", nameof(config));
        }
        catch (InvalidDataException e)
        {
            throw new ArgumentException(e.Message, nameof(config), e);
        }
    }

    /// <summary>The names of a reward model's members: one, or as many as the file says in "reward_members".</summary>
    /// <exception cref="InvalidDataException">The file is of a classifier with several labels that are not members.</exception>
    public IReadOnlyList<string> Labels()
    {
        var values = Source is { } source ? new ConfigValues(source, "config.json") : null;
        var members = values?.Positive(MembersName, 1, MostMembers) ?? 1;
        var labels = values?.Entries("id2label") ?? values?.Positive("num_labels", members) ?? members;
        var names = values?.Inside("id2label");
        return labels == members
            ? [.. Enumerable.Range(0, members).Select(member => names?.Text($"{member}") ?? RewardHead.DefaultLabel(member))]
            : throw new InvalidDataException(
                $"config.json names {labels} labels, and a reward model has {members}; several labels need \"{MembersName}\" to say that they are an ensemble's scores.");
    }

    /// <summary>Of how many last tokens a reward model's head reads the mean state: 1, or what the file says in "reward_pooled_tokens".</summary>
    /// <exception cref="InvalidDataException">It is no positive number.</exception>
    public int PooledTokens() => Source is { } source ? new ConfigValues(source, "config.json").Positive(PooledTokensName, 1) : 1;

    /// <summary>The file's text for saved weights: the source's options, or those that make the same model.</summary>
    /// <param name="labels">Those of a sequence classifier, a member of the reward model each; none where the weights are no classifier's.</param>
    /// <param name="bosId">First token of a text; only where the source doesn't say.</param>
    /// <param name="eosId">Last token of a text; only where the source doesn't say.</param>
    /// <param name="type">The weights' type, as PyTorch calls it.</param>
    /// <param name="pooledTokens">Of how many last tokens a classifier reads the mean state.</param>
    public string ToJson(IReadOnlyList<string> labels, int bosId, int eosId, string type, int pooledTokens = 1)
    {
        var json = Source is { } source ? JsonObject.Create(source) ?? [] : ConfigWriter.Write(Config);
        // The classifier's class would read the last token alone, and say nothing.
        json["architectures"] = new JsonArray(pooledTokens > 1 ? WeightNames.TrunkClassOf(Config.Family) : WeightNames.ClassOf(Config.Family, isClassifier: labels.Count > 0));
        json[json.ContainsKey("dtype") ? "dtype" : "torch_dtype"] = type;
        json.TryAdd("bos_token_id", bosId);
        json.TryAdd("eos_token_id", eosId);
        json.Remove(MembersName);
        json.Remove(PooledTokensName);
        if (labels.Count > 0)
        {
            // Otherwise Transformers expects two labels.
            json["id2label"] = new JsonObject([.. labels.Index().Select(label => KeyValuePair.Create($"{label.Index}", (JsonNode?)label.Item))]);
            json["label2id"] = new JsonObject([.. labels.Index().Select(label => KeyValuePair.Create(label.Item, (JsonNode?)label.Index))]);
            json.Remove("num_labels");
        }

        if (labels.Count > 1)
        {
            json[MembersName] = labels.Count;
        }

        if (pooledTokens > 1)
        {
            json[PooledTokensName] = pooledTokens;
        }

        return json.ToJsonString(s_indented);
    }
}
