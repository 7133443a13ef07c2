namespace Rlhf.Learner.Training;

/// <summary>One step of a job, done.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="StepsWanted">Steps of the whole job.</param>
/// <param name="Values">Its figures by name; all finite.</param>
public sealed record TrainingStep(long Step, long StepsWanted, IReadOnlyDictionary<string, double> Values);
