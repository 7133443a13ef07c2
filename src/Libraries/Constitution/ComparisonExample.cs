namespace Rlhf.Constitution;

/// <summary>A solved comparison, shown before the one that is asked.</summary>
public sealed record ComparisonExample
{
    /// <summary>The conversation, ending in "\n\nAssistant:".</summary>
    public required string Transcript { get; init; }

    /// <summary>The answer that the principle prefers.</summary>
    public required string Better { get; init; }

    /// <summary>The other answer.</summary>
    public required string Worse { get; init; }

    /// <summary>The wording this example is judged under; the asked principle's own where this is null.</summary>
    public string? Comparison { get; init; }
}
