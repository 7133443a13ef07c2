namespace Rlhf.Coordinator.Runs;

/// <summary>A run as data: its stages, in order.</summary>
internal sealed record RunDefinition(string Name, IReadOnlyList<StageOptions> Stages);
