using Rlhf.Learner.Training;

namespace Rlhf.Learner.Tests;

/// <summary>Keeps what training reports.</summary>
internal sealed class Recorder : IProgress<TrainingStep>
{
    public List<TrainingStep> Steps { get; } = [];

    public void Report(TrainingStep value) => Steps.Add(value);

    public double[] Of(string name) => [.. Steps.Select(step => step.Values[name])];
}
