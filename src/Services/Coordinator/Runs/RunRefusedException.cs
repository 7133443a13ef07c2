namespace Rlhf.Coordinator.Runs;

/// <summary>What was asked can't be done with the run as it stands.</summary>
internal sealed class RunRefusedException(string message) : Exception(message);
