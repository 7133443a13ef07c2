using System.Text.Json;

namespace Rlhf.Constitution;

/// <summary>
/// Reads the files published with "Constitutional AI" (arXiv:2212.08073) as they are: critique and revision
/// instructions, preference instructions, and the examples for both.
/// </summary>
internal static class PublishedFiles
{
    private const string OptionsMark = "Options:";

    /// <summary>All published files of a folder as one constitution.</summary>
    public static ConstitutionFile ReadFolder(string folder)
    {
        var parts = Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal)
            .Select(path => TryRead(ConstitutionFile.ReadText(path), path)
                ?? throw new ConstitutionFileException($"{path} is none of the published Constitutional AI files; keep only those in the folder, or name one file"))
            .ToList();
        var merged = new ConstitutionFile
        {
            Name = Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar)),
            Principles = [.. parts.SelectMany(part => part.Principles)],
            RevisionExamples = [.. parts.SelectMany(part => part.RevisionExamples)],
            ComparisonExamples = [.. parts.SelectMany(part => part.ComparisonExamples)],
            ReasonedExamples = [.. parts.SelectMany(part => part.ReasonedExamples)],
        };
        return merged.Principles.Count > 0
            ? merged
            : throw new ConstitutionFileException($"the folder {folder} holds no principles; put a published *Instructions.json there, or name a constitution file");
    }

    /// <summary>The part of a constitution that the text holds; null when it has another form.</summary>
    public static ConstitutionFile? TryRead(string json, string path)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return null; // The reader of this project's own form says what is wrong and where.
        }

        using (document)
        {
            var root = document.RootElement;
            var part = new ConstitutionFile { Name = Path.GetFileNameWithoutExtension(path), Principles = [] };
            return root.ValueKind switch
            {
                JsonValueKind.Object when Values(root).Any() && Values(root).All(value => HasKeys(value, "prompt", "edit_request")) =>
                    part with { Principles = [.. root.EnumerateObject().Select(property => RevisionPrinciple(property, path))] },
                JsonValueKind.Array when AllItems(root, item => item.ValueKind == JsonValueKind.String && Text(item).EndsWith(OptionsMark, StringComparison.Ordinal)) =>
                    part with { Principles = [.. root.EnumerateArray().Select((item, index) => ComparisonPrinciple(item, index))] },
                JsonValueKind.Array when AllItems(root, item => item.ValueKind == JsonValueKind.String) =>
                    part with { RevisionExamples = [.. root.EnumerateArray().Select(RevisionExample)] },
                JsonValueKind.Array when AllItems(root, item => HasKeys(item, "prompt", "corrects", "incorrects")) =>
                    part with { ComparisonExamples = [.. root.EnumerateArray().Select(item => Example(item, path))] },
                JsonValueKind.Array when AllItems(root, item => HasKeys(item, "prompt")) =>
                    part with { ReasonedExamples = [.. root.EnumerateArray().Select(item => Text(item.GetProperty("prompt")).Trim())] },
                _ => null,
            };
        }
    }

    private static Principle RevisionPrinciple(JsonProperty property, string path)
    {
        var prompts = property.Value.GetProperty("prompt");
        if (prompts.ValueKind != JsonValueKind.Array || prompts.GetArrayLength() != 1)
        {
            throw new ConstitutionFileException($"{path}: \"{property.Name}\" must have exactly one text under \"prompt\"; split it into several principles");
        }

        return new Principle
        {
            Id = property.Name,
            CritiqueRequest = Between(Text(prompts[0]), RoleMarks.CritiqueRequest, RoleMarks.Critique, property.Name, path),
            RevisionRequest = Between(Text(property.Value.GetProperty("edit_request")), RoleMarks.RevisionRequest, RoleMarks.Revision, property.Name, path),
        };
    }

    private static Principle ComparisonPrinciple(JsonElement item, int index) =>
        new() { Id = $"comparison{index}", Comparison = Text(item)[..^OptionsMark.Length].Trim() };

    private static string RevisionExample(JsonElement item)
    {
        var text = Text(item).Trim();
        var nextTurn = RoleMarks.Human.TrimStart();
        return text.EndsWith(nextTurn, StringComparison.Ordinal) ? text[..^nextTurn.Length].TrimEnd() : text;
    }

    private static ComparisonExample Example(JsonElement item, string path)
    {
        var (better, worse) = (item.GetProperty("corrects"), item.GetProperty("incorrects"));
        return better.GetArrayLength() > 0 && worse.GetArrayLength() > 0
            ? new ComparisonExample { Transcript = Text(item.GetProperty("prompt")), Better = Text(better[0]), Worse = Text(worse[0]) }
            : throw new ConstitutionFileException($"{path}: a comparison example needs at least one text under \"corrects\" and under \"incorrects\"");
    }

    private static string Between(string text, string begin, string end, string name, string path) =>
        text.StartsWith(begin, StringComparison.Ordinal) && text.EndsWith(end, StringComparison.Ordinal)
            ? text[begin.Length..^end.Length].Trim()
            : throw new ConstitutionFileException($"{path}: the text of \"{name}\" must begin with {begin.Trim()} and end with {end.Trim()}");

    private static IEnumerable<JsonElement> Values(JsonElement root) => root.EnumerateObject().Select(property => property.Value);

    private static bool AllItems(JsonElement root, Func<JsonElement, bool> holds) => root.GetArrayLength() > 0 && root.EnumerateArray().All(holds);

    private static bool HasKeys(JsonElement item, params string[] keys) =>
        item.ValueKind == JsonValueKind.Object && item.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal).SequenceEqual(keys.Order(StringComparer.Ordinal));

    private static string Text(JsonElement item) => item.GetString() ?? "";
}
