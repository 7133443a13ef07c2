using System.Text.Json;

namespace Rlhf.TinyAssistant;

/// <summary>The prompts that ship with the model, as prompts/*.jsonl hold them: half harmful, half harmless.</summary>
public static class ShippedPrompts
{
    private static readonly JsonSerializerOptions Layout = new(JsonSerializerDefaults.Web);

    /// <summary>For runs to train on.</summary>
    public static IReadOnlyList<WorldPrompt> Training { get; } = Read("training.jsonl");

    /// <summary>For runs to be measured on; shares no goal with <see cref="Training"/>.</summary>
    public static IReadOnlyList<WorldPrompt> Evaluation { get; } = Read("evaluation.jsonl");

    private static List<WorldPrompt> Read(string name)
    {
        using var stream = typeof(ShippedPrompts).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the resource {name} is missing from the assembly");
        using var reader = new StreamReader(stream);
        var prompts = new List<WorldPrompt>();
        while (reader.ReadLine() is { } line)
        {
            prompts.Add(JsonSerializer.Deserialize<WorldPrompt>(line, Layout) ?? throw new InvalidOperationException($"{name} has an empty line"));
        }

        return prompts;
    }
}
