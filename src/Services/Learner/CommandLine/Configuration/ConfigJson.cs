using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>A config as JSON, with the keys of the config files and every default spelled out: it can be used as a config itself.</summary>
internal static class ConfigJson
{
    /// <summary>How the command line's files are written.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    /// <summary>Writes a config.</summary>
    public static JsonNode? Of(TrainingConfig config) => JsonSerializer.SerializeToNode(config, config.GetType(), Options);
}
