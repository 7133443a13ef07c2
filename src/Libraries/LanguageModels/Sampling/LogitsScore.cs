using System.Numerics.Tensors;

namespace Rlhf.LanguageModels.Sampling;

/// <summary>The log-probability of a given token from logits on the processor.</summary>
internal static class LogitsScore
{
    /// <param name="logits">[V]; overwritten.</param>
    /// <param name="temperature">Divides the logits; above 0.</param>
    /// <param name="token">Whose log-probability.</param>
    /// <returns>Natural log-probability; NaN where a logit is not a finite number.</returns>
    public static float Of(Span<float> logits, double temperature, int token)
    {
        if (temperature != 1)
        {
            TensorPrimitives.Divide(logits, (float)temperature, logits);
        }

        var largest = TensorPrimitives.Max<float>(logits);
        TensorPrimitives.Subtract(logits, largest, logits);
        var own = logits[token];
        TensorPrimitives.Exp(logits, logits);
        var sum = 0.0;
        foreach (var value in logits)
        {
            sum += value;
        }

        return own - (float)Math.Log(sum);
    }
}
