using System.ComponentModel.DataAnnotations;

namespace Rlhf.Coordinator.Runs;

/// <summary>Training of the reward model on pairs and on ratings.</summary>
internal sealed record RewardModelStageOptions : TrainingStageOptions
{
    /// <summary>
    /// "pairwise" (Bradley-Terry on soft labels), "regression" (squared error to the ratings) or "absolute-regression": the loss of the
    /// published model. The learner reports pairs and ratings both.
    /// </summary>
    [AllowedValues("pairwise", "regression", "absolute-regression")]
    public string Loss { get; init; } = "pairwise";

    /// <summary>What the regression predicts.</summary>
    public RatingScale Ratings { get; init; } = RatingScale.Elo;

    /// <summary>Share of the prompts whose pairs are kept for measuring the accuracy.</summary>
    [Range(0.01, 0.9)]
    public double HeldOut { get; init; } = 0.2;

    /// <summary>0 is the learner's default.</summary>
    [Range(0, 100)]
    public int Epochs { get; init; }

    /// <summary>0 is the learner's default.</summary>
    [Range(0, 4096)]
    public int BatchSize { get; init; }

    /// <summary>0 is the learner's default.</summary>
    [Range(0, 1)]
    public double LearningRate { get; init; }

    /// <summary>Heads of an ensemble on the one trunk; 0 is the learner's default.</summary>
    [Range(0, 64)]
    public int Members { get; init; }

    /// <summary>Whether responses to harmful and to harmless prompts have a head each, so named, in place of an ensemble's.</summary>
    public bool HeadPerSource { get; init; }

    /// <summary>Of how many last tokens the head reads the mean state; 0 is the learner's default, 1.</summary>
    [Range(0, 65536)]
    public int PooledTokens { get; init; }
}
