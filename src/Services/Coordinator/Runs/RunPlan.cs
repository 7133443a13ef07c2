using Rlhf.Coordinator.Exchange;
using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Runs;

/// <summary>A run that can be started.</summary>
/// <param name="Definition">Its stages.</param>
/// <param name="Seed">Everything random is drawn from it.</param>
/// <param name="Prompts">Its prompts, held-out ones marked, in any order.</param>
/// <param name="Source">Where the prompts come from and what was wrong there.</param>
/// <param name="Imports">Preferences that stages have from elsewhere, by stage.</param>
internal sealed record RunPlan(
    RunDefinition Definition, long Seed, IReadOnlyList<RunPrompt> Prompts, PromptSource Source, IReadOnlyDictionary<string, ImportedPreferences> Imports);
