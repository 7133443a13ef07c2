namespace Rlhf.Coordinator.Prompts;

/// <summary>What a prompt file held.</summary>
/// <param name="Prompts">The good lines, each content once.</param>
/// <param name="BadLines">The others, as "line 7: why"; the first hundred of them.</param>
/// <param name="BadLineCount">All of the others.</param>
/// <param name="Duplicates">Lines whose content had been there before.</param>
internal sealed record PromptFile(IReadOnlyList<RunPrompt> Prompts, IReadOnlyList<string> BadLines, int BadLineCount, int Duplicates);
