using System.ComponentModel.DataAnnotations;
using Rlhf.V1;

namespace Rlhf.Coordinator.Runs;

/// <summary>Supervised fine-tuning on all revisions and on the base model's own answers to helpful prompts.</summary>
internal sealed record FineTuningOptions : TrainingStageOptions
{
    /// <summary>How many helpful prompts the base model answers, at most.</summary>
    [Range(0, 1_000_000)]
    public int HelpfulPrompts { get; init; } = 300;

    /// <summary>Length of a helpful answer.</summary>
    [Range(1, 4096)]
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>Divides the logits when the base model answers.</summary>
    [Range(0, 10)]
    public double Temperature { get; init; } = 1;

    /// <summary>Passes over the examples; 0 is the learner's default.</summary>
    [Range(0, 100)]
    public int Epochs { get; init; }

    /// <summary>Examples an update; 0 is the learner's default.</summary>
    [Range(0, 4096)]
    public int BatchSize { get; init; }

    /// <summary>0 is the learner's default.</summary>
    [Range(0, 1)]
    public double LearningRate { get; init; }

    /// <summary>Share of the examples that the learner measures on after each epoch instead of training on them; 0 is none.</summary>
    [Range(0, 0.5)]
    public double ValidationShare { get; init; }

    /// <summary>Epochs without a lower validation loss after which training ends with the best epoch's weights; 0 is the learner's default.</summary>
    [Range(0, 100)]
    public int Patience { get; init; }

    /// <summary>Whether a batch's sequences follow each other in rows without padding; left out is the learner's default.</summary>
    public bool? Packing { get; init; }

    /// <summary>The options as the Learner takes them.</summary>
    public SupervisedOptions ToRequest()
    {
        var request = new SupervisedOptions
        {
            Epochs = Epochs,
            BatchSize = BatchSize,
            LearningRate = LearningRate,
            ValidationShare = ValidationShare,
            Patience = Patience,
            Precision = RequestedPrecision,
            RecomputeActivations = RecomputeActivations,
        };
        if (Packing is { } packing)
        {
            request.Packing = packing;
        }

        return request;
    }
}
