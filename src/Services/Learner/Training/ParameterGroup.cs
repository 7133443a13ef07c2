using TorchSharp.Modules;

namespace Rlhf.Learner.Training;

/// <summary>Parameters that share a learning rate.</summary>
/// <param name="parameters">float32, on one device.</param>
/// <param name="learningRate">Where it starts.</param>
/// <param name="weightDecay">Share of a weight that is taken off at each step, times the learning rate.</param>
internal sealed class ParameterGroup(IEnumerable<Parameter> parameters, double learningRate, double weightDecay)
{
    /// <summary>In the order of their moments.</summary>
    public IReadOnlyList<Parameter> Parameters { get; } = [.. parameters];

    /// <summary>Of the next step.</summary>
    public double LearningRate { get; set; } = learningRate;

    /// <summary>Decoupled from the gradient.</summary>
    public double WeightDecay { get; } = weightDecay;
}
