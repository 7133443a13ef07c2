using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Reports;

/// <summary>A run's report; its JSON is what users and checks read, so names here are a contract.</summary>
internal sealed record RunReportDocument
{
    public required string Run { get; init; }

    public required string Name { get; init; }

    /// <summary>running, paused, succeeded, failed or cancelled.</summary>
    public required string State { get; init; }

    public required string? Error { get; init; }

    public required long Seed { get; init; }

    /// <summary>Time in work, stand-stills between processes left out.</summary>
    public required double WallSeconds { get; init; }

    public required IReadOnlyList<StageReport> Stages { get; init; }

    public required JudgeReport Judge { get; init; }

    /// <summary>People's labels; null where there are none.</summary>
    public required PeopleReport? People { get; init; }

    public required RewardModelReport? RewardModel { get; init; }

    public required PpoReport? Ppo { get; init; }

    /// <summary>Share of the policy's parameters that PPO trained.</summary>
    public required double? TrainableParameterShare { get; init; }

    /// <summary>base, fineTuned, ppo and dpo, as far as the run has them.</summary>
    public required IReadOnlyDictionary<string, EvaluationReport>? Evaluation { get; init; }

    public required PromptSource? Prompts { get; init; }

    public required IReadOnlyList<VersionReport> Versions { get; init; }

    /// <summary>The run file with every option spelled out.</summary>
    public required string Definition { get; init; }
}
