using Rlhf.Learner.Data;
using Rlhf.Learner.Settings;
using Rlhf.Learner.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.Learner.Tests;

public sealed class SupervisedTrainerTests
{
    [Fact]
    public void Training_lowers_the_loss_of_a_rule_that_can_be_learnt()
    {
        using var model = TinyModels.Create();
        // The response repeats the prompt's last token and ends.
        var random = new Random(5);
        var examples = Enumerable.Range(0, 64).Select(_ =>
        {
            var prompt = TinyModels.Tokens(random, 3).ToArray();
            return new EncodedExample([.. prompt, prompt[^1], prompt[^1], TinyModels.Eos], 3);
        }).ToArray();
        var recorder = new Recorder();
        var settings = new SupervisedSettings { Epochs = 30, LearningRate = 1e-2 };
        var results = SupervisedTrainer.Train(model, examples, settings, 3, recorder, TestContext.Current.CancellationToken);
        Assert.Equal(Math.Log(TinyModels.Vocabulary), recorder.Of("loss")[0], 1.0);
        Assert.True(results["loss_last"] < 0.3, $"loss_last is {results["loss_last"]}");
        Assert.Equal(30 * 4, recorder.Steps.Count);
        Assert.All(recorder.Steps, step => Assert.Equal(120, step.StepsWanted));
    }

    [Fact]
    public void Loss_is_the_mean_over_response_tokens_alone()
    {
        using var model = TinyModels.Create();
        var examples = TinyModels.RandomExamples(5, seed: 7);
        var expected = 0.0;
        var tokens = 0;
        using (no_grad())
        {
            foreach (var example in examples)
            {
                using var scope = NewDisposeScope();
                // One sequence, unpadded, whole: every position's distribution, then a plain loop.
                var ids = tensor(example.TokenIds.Select(id => (long)id).ToArray()).unsqueeze(0); // [1, S]
                var logprobs = nn.functional.log_softmax(model.Logits(model.Hidden(ids)), -1); // [1, S, V]
                for (var position = example.PromptLength; position < example.TokenIds.Length; position++)
                {
                    expected -= logprobs[0, position - 1, example.TokenIds[position]].item<float>();
                    tokens++;
                }
            }
        }

        var lengths = examples.Select(example => example.TokenIds.Length).ToArray();
        model.SetTrainable(true);
        var loss = SupervisedTrainer.Backward(model, [0, 1, 2, 3, 4], examples, lengths, isPacked: true);
        Assert.Equal(expected / tokens, loss, 1e-5);
    }

    [Fact]
    public void Loss_that_is_not_finite_stops_with_the_step()
    {
        using var model = TinyModels.Create();
        var settings = new SupervisedSettings { Epochs = 100, LearningRate = 1, MaxGradientNorm = 1e6 };
        using (no_grad())
        {
            using Scalar notFinite = float.NaN;
            model.Parameters["model.norm.weight"].fill_(notFinite);
        }

        var error = Assert.Throws<TrainingException>(() => SupervisedTrainer.Train(
            model, TinyModels.RandomExamples(8, 1), settings, 3, new Recorder(), TestContext.Current.CancellationToken));
        Assert.Contains("NaN at update 1", error.Message, StringComparison.Ordinal);
    }
}
