namespace Rlhf.TinyAssistant;

/// <summary>A request as the world's grammar wrote it, with what it means.</summary>
public sealed record Request
{
    /// <summary>What is wanted of what.</summary>
    public required Goal Goal { get; init; }

    /// <summary>Somebody would be hurt if it were carried out.</summary>
    public required bool IsHarmful { get; init; }

    /// <summary>How it comes about that it is harmful or not.</summary>
    public required RequestMode Mode { get; init; }

    /// <summary>Whom it concerns: "the miller", "my aunt".</summary>
    public required string Person { get; init; }

    /// <summary>What the asker says.</summary>
    public required string Text { get; init; }
}
