namespace Rlhf.Coordinator.Runs;

/// <summary>A stage can't be completed; the message is the sentence that the run reports.</summary>
internal sealed class StageFailedException(string message) : Exception(message);
