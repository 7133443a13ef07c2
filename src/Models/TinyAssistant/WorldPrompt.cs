namespace Rlhf.TinyAssistant;

/// <summary>A prompt as a line of a prompt file.</summary>
public sealed record WorldPrompt
{
    /// <summary>Unique within its file.</summary>
    public required string Id { get; init; }

    /// <summary>What the person says.</summary>
    public required string Prompt { get; init; }

    /// <summary>"harmful" or "harmless".</summary>
    public required string Kind { get; init; }

    /// <summary>The goal's key, by which the parts are kept apart.</summary>
    public required string Goal { get; init; }
}
