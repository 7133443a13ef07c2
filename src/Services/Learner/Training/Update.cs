namespace Rlhf.Learner.Training;

/// <summary>The end of every update: a finite loss, a bounded gradient, a step.</summary>
internal static class Update
{
    private const double Tiny = 1e-6; // as torch.nn.utils.clip_grad_norm_ adds

    /// <summary>Bounds the gradients, steps, and clears them.</summary>
    /// <param name="optimizer">Of all that trains.</param>
    /// <param name="maxGradientNorm">Longest gradient.</param>
    /// <param name="loss">The update's loss.</param>
    /// <param name="where">For the error, e.g. "step 3, minibatch 2".</param>
    /// <returns>The gradient's length before it was bounded.</returns>
    /// <exception cref="TrainingException">Loss or gradient is not finite.</exception>
    public static double Apply(AdamWOptimizer optimizer, double maxGradientNorm, double loss, Func<string> where)
    {
        RequireFinite(loss, "loss", where);
        var norm = optimizer.GradientNorm();
        RequireFinite(norm, "gradient", where);
        optimizer.Step(Math.Max(1, (norm + Tiny) / maxGradientNorm));
        return norm;
    }

    /// <summary>Throws when the number is not finite.</summary>
    /// <exception cref="TrainingException">It is not.</exception>
    public static void RequireFinite(double number, string name, Func<string> where)
    {
        if (!double.IsFinite(number))
        {
            throw new TrainingException($"The {name} is {number} at {where()}; a lower learning rate is the usual remedy.");
        }
    }
}
