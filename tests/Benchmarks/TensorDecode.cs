using System.Diagnostics;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Transformer;
using static TorchSharp.torch;

namespace Rlhf.Benchmarks;

/// <summary>The same through TorchSharp, by the passes that serve other devices.</summary>
internal static class TensorDecode
{
    public static double TokensPerSecond(CausalLanguageModel model, int batch, int promptLength, int warmUpSteps, int steps)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var cache = new KeyValueCache(
            model.Config, [.. Enumerable.Repeat(promptLength, batch)], promptLength + warmUpSteps + steps, model.Type, model.Device);
        var prompt = zeros([batch, promptLength], int64); // [B, S]
        model.Prefill(prompt, cache);
        var tokens = zeros(batch, int64); // [B]
        var since = 0L;
        for (var step = 0; step < warmUpSteps + steps; step++)
        {
            if (step == warmUpSteps)
            {
                since = Stopwatch.GetTimestamp();
            }

            using var one = NewDisposeScope();
            tokens = model.Logits(model.Step(tokens, cache)).argmax(-1).MoveToOuterDisposeScope(); // [B]
        }

        return batch * steps / Stopwatch.GetElapsedTime(since).TotalSeconds;
    }
}
