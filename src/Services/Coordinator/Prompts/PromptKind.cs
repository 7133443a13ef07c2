namespace Rlhf.Coordinator.Prompts;

/// <summary>What a prompt asks for.</summary>
internal enum PromptKind
{
    /// <summary>Its source does not say; such a prompt serves as both kinds.</summary>
    Unknown,

    /// <summary>Something to decline.</summary>
    Harmful,

    /// <summary>Something to help with.</summary>
    Harmless,
}
