namespace Rlhf.Constitution;

/// <summary>
/// One rule of a constitution. A principle that is only asked about answers (<see cref="CritiqueRequest"/> and
/// <see cref="RevisionRequest"/>) has no <see cref="Comparison"/>, and the reverse; at least one of the two uses is given.
/// </summary>
public sealed record Principle
{
    /// <summary>Unique within its constitution.</summary>
    public required string Id { get; init; }

    /// <summary>Asks for a critique of the last answer, without the "CritiqueRequest:" mark.</summary>
    public string? CritiqueRequest { get; init; }

    /// <summary>Asks to rewrite the last answer, without the "RevisionRequest:" mark.</summary>
    public string? RevisionRequest { get; init; }

    /// <summary>Asks which of two answers is better, without the options.</summary>
    public string? Comparison { get; init; }
}
