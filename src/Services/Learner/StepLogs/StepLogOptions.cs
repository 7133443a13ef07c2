namespace Rlhf.Learner.StepLogs;

/// <summary>Files of each job's steps. Configuration section "StepLogs".</summary>
public sealed record StepLogOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "StepLogs";

    /// <summary>Whether a job's steps are written as JSON lines and for TensorBoard, below "steps" in the data folder.</summary>
    public bool IsEnabled { get; init; } = true;
}
