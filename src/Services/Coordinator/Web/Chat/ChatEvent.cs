namespace Rlhf.Coordinator.Web.Chat;

/// <summary>A piece of what happens while a version answers; the properties that don't concern it are null.</summary>
internal sealed record ChatEvent
{
    /// <summary>The next characters of the answer.</summary>
    public string? Text { get; init; }

    /// <summary>Why the answer ended.</summary>
    public string? End { get; init; }

    /// <summary>Its tokens.</summary>
    public int? Tokens { get; init; }

    /// <summary>Its normalised score.</summary>
    public double? Score { get; init; }

    /// <summary>The version that scored.</summary>
    public string? ScoredBy { get; init; }

    /// <summary>What went wrong; nothing follows.</summary>
    public string? Error { get; init; }
}
