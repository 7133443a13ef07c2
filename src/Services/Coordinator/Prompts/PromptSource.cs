namespace Rlhf.Coordinator.Prompts;

/// <summary>Where a run's prompts come from, for its report.</summary>
/// <param name="File">The file's name; "embedded" for the prompts of the embedded model's world.</param>
/// <param name="Prompts">Usable prompts.</param>
/// <param name="BadLines">Lines that were left out, the first hundred with number and reason.</param>
/// <param name="BadLineCount">All lines that were left out.</param>
/// <param name="Duplicates">Lines whose content had been there before.</param>
internal sealed record PromptSource(string File, int Prompts, IReadOnlyList<string> BadLines, int BadLineCount, int Duplicates);
