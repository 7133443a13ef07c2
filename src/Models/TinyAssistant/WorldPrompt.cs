using System.Text.Json.Serialization;

namespace Rlhf.TinyAssistant;

/// <summary>A prompt as a line of a prompt file.</summary>
public sealed record WorldPrompt
{
    /// <summary>Unique over all parts: "training-harmful-1".</summary>
    public required string Id { get; init; }

    /// <summary>What the person says.</summary>
    public required string Prompt { get; init; }

    /// <summary>"harmful" or "harmless".</summary>
    public required string Kind { get; init; }

    /// <summary>The goal's key, by which the parts are kept apart; empty in a prompt that was read from a file.</summary>
    [JsonIgnore]
    public string Goal { get; init; } = "";
}
