using Rlhf.LanguageModels;
using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.TinyAssistant.Training;

/// <summary>Next-token training over documents, each seen once, with Muon for the projections, AdamW for the rest, and a cosine learning rate.</summary>
public sealed class Pretraining(CausalLanguageModel model, TrainingOptions options)
{
    // Padded tokens of one forward pass; a step is made of as many passes as it needs.
    private const int PassTokens = 2048;
    private const int ReportEverySteps = 10;

    /// <summary>Trains the model in place.</summary>
    /// <param name="documents">In the order in which they are learnt.</param>
    /// <param name="report">Told now and then: step, steps, mean loss since the last report.</param>
    /// <exception cref="InvalidOperationException">The loss is not a finite number.</exception>
    public void Run(IReadOnlyList<EncodedDocument> documents, Action<int, int, double> report)
    {
        model.SetTrainable(true);
        var weights = model.Parameters.Values.ToList();
        var matrices = model.Parameters.Where(parameter => parameter.Key.EndsWith("_proj.weight", StringComparison.Ordinal)).Select(parameter => parameter.Value).ToList();
        using var muon = new Muon(matrices, options.WeightDecay);
        using var adam = optim.AdamW(weights.Except(matrices), lr: options.LearningRate, beta1: .9, beta2: .98, weight_decay: 0);
        var steps = documents.Count / options.BatchDocuments;
        var lossSum = 0.0;
        for (var step = 0; step < steps; step++)
        {
            var pace = Pace(step, steps);
            foreach (var group in adam.ParamGroups)
            {
                group.LearningRate = options.LearningRate * pace;
            }

            weights.ForEach(weight => weight.grad?.zero_());
            var batch = documents.Skip(step * options.BatchDocuments).Take(options.BatchDocuments).ToList();
            var loss = Backward(batch);
            if (!double.IsFinite(loss))
            {
                throw new InvalidOperationException($"the loss of step {step} is {loss}; lower the learning rate of {options.LearningRate}");
            }

            nn.utils.clip_grad_norm_(weights, options.MaxGradientNorm);
            adam.step();
            muon.Step(options.MatrixLearningRate * pace);
            lossSum += loss;
            if ((step + 1) % ReportEverySteps == 0 || step + 1 == steps)
            {
                report(step + 1, steps, lossSum / (step % ReportEverySteps + 1));
                lossSum = 0;
                FreedMemory.Return();
            }
        }

        model.SetTrainable(false);
    }

    /// <summary>Rises from 0 to 1, then falls along a cosine to 0.02.</summary>
    private double Pace(int step, int steps)
    {
        var warmup = Math.Max(1, (int)(steps * options.WarmupShare));
        return step < warmup
            ? (step + 1.0) / warmup
            : .02 + (.98 * .5 * (1 + Math.Cos(Math.PI * (step - warmup) / Math.Max(1, steps - warmup))));
    }

    /// <summary>Adds up the gradients of one step; returns its loss, the weighted mean over all learnt tokens.</summary>
    private double Backward(List<EncodedDocument> batch)
    {
        var totalWeight = batch.Sum(document => (double)document.Weights.Sum());
        var loss = 0.0;
        foreach (var bucket in LengthBuckets.Split(batch, document => document.Tokens.Length, PassTokens))
        {
            loss += BackwardPass(bucket.ConvertAll(i => batch[i]), totalWeight);
        }

        return loss;
    }

    private double BackwardPass(List<EncodedDocument> documents, double totalWeight)
    {
        using var scope = NewDisposeScope();
        using var tokens = new TokenBatch([.. documents.Select(document => document.Tokens)]);
        var length = tokens.Ids.shape[1];
        var before = new List<long>(); // positions whose next token is learnt
        var weights = new List<float>();
        foreach (var (row, document) in documents.Index())
        {
            for (var i = 1; i < document.Tokens.Length; i++)
            {
                if (document.Weights[i] > 0)
                {
                    before.Add((row * length) + i - 1);
                    weights.Add((float)(document.Weights[i] / totalWeight));
                }
            }
        }

        var positions = tensor(before.ToArray()); // [N]
        var hidden = model.Hidden(tokens.Ids).flatten(0, 1).index_select(0, positions); // [N, C]
        var targets = tokens.Ids.flatten().index_select(0, positions.Plus(1)); // [N]
        var losses = nn.functional.cross_entropy(model.Logits(hidden), targets, reduction: nn.Reduction.None); // [N]
        var loss = (losses * tensor(weights.ToArray())).sum(); // []
        loss.backward();
        return loss.item<float>();
    }
}
