using System.ComponentModel.DataAnnotations;

namespace Rlhf.Learner.Checkpoints;

/// <summary>How often training is made safe against a kill, and what is kept of it for how long. Configuration section "Checkpoints".</summary>
public sealed record CheckpointOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Checkpoints";

    /// <summary>Fine-tuning and reward-model training write a checkpoint after this many updates; 0 goes by time alone.</summary>
    [Range(0, 1_000_000)]
    public int UpdatesBetween { get; init; }

    /// <summary>They also write one when this long has passed since the last. After a slow write it is put off until writing is a tenth of the time.</summary>
    [Range(0.0, 86400.0)]
    public double SecondsBetween { get; init; } = 30;

    /// <summary>Checkpoints of a fit, and steps of a PPO job, that are kept whatever else; two, so that a damaged one has a predecessor.</summary>
    [Range(1, 1000)]
    public int KeepNewest { get; init; } = 2;

    /// <summary>Older steps of a PPO job that can be replayed: every one of them (1), every tenth (10), none (0).</summary>
    [Range(0, 1_000_000)]
    public int KeepEverySteps { get; init; } = 1;

    /// <summary>The most that one PPO job's steps take, and its rollouts; the oldest go first, but never the newest.</summary>
    [Range(1L, 1_000_000L)]
    public long JobMegabytes { get; init; } = 1024;

    /// <summary>The most that PPO jobs which succeeded take together; the oldest go first. 0 forgets a job when it succeeds.</summary>
    [Range(0L, 10_000_000L)]
    public long SucceededMegabytes { get; init; } = 4096;
}
