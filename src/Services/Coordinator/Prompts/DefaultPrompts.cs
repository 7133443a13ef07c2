using Rlhf.TinyAssistant;

namespace Rlhf.Coordinator.Prompts;

/// <summary>The prompts that come with the embedded model: its world's requests, training and evaluation apart in content.</summary>
internal static class DefaultPrompts
{
    /// <summary>Reads them; a bad line here is a fault of the program.</summary>
    public static IReadOnlyList<RunPrompt> Read() =>
        [.. ReadResource("training.jsonl", isEvaluation: false), .. ReadResource("evaluation.jsonl", isEvaluation: true)];

    private static IEnumerable<RunPrompt> ReadResource(string resource, bool isEvaluation)
    {
        using var stream = typeof(World).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the resource '{resource}' is missing from this build");
        using var reader = new StreamReader(stream);
        var file = PromptFileReader.Read(reader, ".jsonl");
        return file.BadLineCount == 0
            ? file.Prompts.Select(prompt => prompt with { IsEvaluation = isEvaluation })
            : throw new InvalidOperationException($"the resource '{resource}' is damaged: {file.BadLines[0]}");
    }
}
