using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using Rlhf.PolicyOptimization;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>How well a model predicts responses that it is not trained on.</summary>
internal static class HeldOutLoss
{
    /// <summary>Mean of -log p over the response tokens, in nats a token, without gradients and in float32, however the model trains.</summary>
    /// <param name="model">Whichever.</param>
    /// <param name="examples">At least one.</param>
    public static double Measure(CausalLanguageModel model, IReadOnlyList<EncodedExample> examples)
    {
        using var exact = new TrainingMode(Precision.Float32, recomputesBlocks: false, model);
        using var noGradients = no_grad();
        var lengths = examples.Select(example => example.TokenIds.Length).ToArray();
        var total = 0.0;
        foreach (var part in Minibatches.Parts([.. Enumerable.Range(0, examples.Count)], lengths))
        {
            using var scope = NewDisposeScope();
            using var responses = ResponseBatch.Padded([.. part.Select(index => examples[index])], model.Device);
            var logits = model.Logits(responses.Hidden(model)); // [N, V]
            total -= TokenLogprobs.Gather(logits, responses.Targets).sum().item<float>();
        }

        return total / examples.Sum(example => (double)example.ResponseLength);
    }
}
