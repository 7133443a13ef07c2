namespace Rlhf.Reward.Engine;

/// <summary>More is waiting than memory was meant for.</summary>
internal sealed class OverCapacityException(string message) : Exception(message);
