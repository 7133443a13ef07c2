using Rlhf.Learner.Training;

namespace Rlhf.Learner.Tests;

/// <summary>Keeps what training reports.</summary>
internal sealed class Recorder : IProgress<TrainingStep>
{
    public List<TrainingStep> Steps { get; } = [];

    /// <summary>Gets the number of each step after it has been kept.</summary>
    public Action<long> AfterStep { get; init; } = _ => { };

    public void Report(TrainingStep value)
    {
        Steps.Add(value);
        AfterStep(value.Step);
    }

    public double[] Of(string name) => [.. Steps.Select(step => step.Values[name])];
}
