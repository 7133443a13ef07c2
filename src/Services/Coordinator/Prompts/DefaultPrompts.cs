using System.Reflection;

namespace Rlhf.Coordinator.Prompts;

/// <summary>The prompts that come with the embedded model: its world's requests, training and evaluation apart in content.</summary>
internal static class DefaultPrompts
{
    /// <summary>Reads them; a bad line here is a fault of the program.</summary>
    public static IReadOnlyList<RunPrompt> Read() =>
    [
        .. ReadResource("red-team", isEvaluation: false),
        .. ReadResource("helpful", isEvaluation: false),
        .. ReadResource("evaluation", isEvaluation: true),
    ];

    private static IEnumerable<RunPrompt> ReadResource(string name, bool isEvaluation)
    {
        var resource = $"prompts/{name}.jsonl";
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the resource '{resource}' is missing from this build");
        using var reader = new StreamReader(stream);
        var file = PromptFileReader.Read(reader, ".jsonl");
        return file.BadLineCount == 0
            ? file.Prompts.Select(prompt => prompt with { PromptId = $"{name}.{prompt.PromptId}", IsEvaluation = isEvaluation })
            : throw new InvalidOperationException($"the resource '{resource}' is damaged: {file.BadLines[0]}");
    }
}
