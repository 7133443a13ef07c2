using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Runs;

/// <summary>What the stages of a run share and none of them changes.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Seed">Everything random is drawn from it.</param>
/// <param name="Definition">Its stages.</param>
/// <param name="Prompts">Its prompts.</param>
/// <param name="StopRequested">Cancelled when somebody pauses or cancels the run, not when the process stops.</param>
internal sealed record ActiveRun(string RunId, long Seed, RunDefinition Definition, PromptSet Prompts, CancellationToken StopRequested);
