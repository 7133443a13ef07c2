using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Feedback;

/// <summary>People who label. Configuration section "Labelling".</summary>
internal sealed record LabellingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Labelling";

    /// <summary>A Markdown or text file with the guidelines, read anew when it changes; empty: the built-in ones.</summary>
    public string? GuidelinesPath { get; init; }

    /// <summary>The address in invitation links; empty: where this process listens.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>How long an invitation can be used.</summary>
    [Range(1, 24 * 90)]
    public int InviteHours { get; init; } = 24 * 7;

    /// <summary>How long a browser stays signed in.</summary>
    [Range(1, 365)]
    public int SessionDays { get; init; } = 30;
}
