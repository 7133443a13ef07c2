namespace Rlhf.TinyAssistant;

/// <summary>How the oracle knows one kind.</summary>
internal sealed record OracleKind
{
    public required string Name { get; init; }

    public required bool Harmful { get; init; }

    /// <summary>Classes of nouns, space-separated.</summary>
    public required string Classes { get; init; }

    /// <summary>Pattern of a request.</summary>
    public required string Asks { get; init; }

    /// <summary>Words of an answer that carries it out, space-separated.</summary>
    public required string Does { get; init; }
}
