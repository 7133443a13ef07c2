namespace Rlhf.Learner.Training;

/// <summary>A job can't go on; the message says why in one sentence, with the numbers at hand.</summary>
public sealed class TrainingException(string message) : Exception(message);
