using Rlhf.Coordinator.Feedback;

namespace Rlhf.Coordinator.Ledger;

/// <summary>Somebody with an account.</summary>
internal sealed class LabellerRow
{
    /// <summary>The account's name.</summary>
    public required string LabellerId { get; init; }

    public required LabellerRole Role { get; init; }

    /// <summary>A program, not a person.</summary>
    public required bool IsProgram { get; init; }

    /// <summary>The lead who made the account; empty for the first one.</summary>
    public required string CreatedBy { get; init; }

    public required long CreatedUnixMs { get; init; }

    /// <summary>When a lead closed the account; null while it is open.</summary>
    public long? RevokedUnixMs { get; set; }
}
