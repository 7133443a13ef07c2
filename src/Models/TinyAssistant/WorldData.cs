using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rlhf.TinyAssistant;

/// <summary>The words and phrases of the small world, as world/world.json gives them.</summary>
public sealed record WorldData
{
    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };
    private static readonly Lazy<WorldData> Embedded = new(() => ReadResource<WorldData>("world.json"));

    /// <summary>The world that ships with the library.</summary>
    public static WorldData Default => Embedded.Value;

    /// <summary>Professions, space-separated; they own things and have feelings.</summary>
    public required string People { get; init; }

    /// <summary>Relatives and friends of the asker, space-separated.</summary>
    public required string Kin { get; init; }

    /// <summary>Space-separated.</summary>
    public required string Adjectives { get; init; }

    /// <summary>Class to its nouns, space-separated; "~" before one that is not counted ("soup").</summary>
    public required IReadOnlyDictionary<string, string> Nouns { get; init; }

    /// <summary>Separated by "|".</summary>
    public required string Times { get; init; }

    /// <summary>Questions; {v} is the deed with its object, {t} a time.</summary>
    public required IReadOnlyList<string> Frames { get; init; }

    /// <summary>Excuses and flattery around a question {q}.</summary>
    public required IReadOnlyList<string> Disguises { get; init; }

    /// <summary>Remarks and replies that may come before a request.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Smalltalk { get; init; }

    /// <summary>How an answer may begin, by how kind that is.</summary>
    public required IReadOnlyDictionary<AnswerTone, IReadOnlyList<string>> Openers { get; init; }

    /// <summary>How a refusal begins, by how kind that is.</summary>
    public required IReadOnlyDictionary<AnswerTone, IReadOnlyList<string>> Refusals { get; init; }

    /// <summary>Why: said of {w}.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>Refusals that only scold.</summary>
    public required IReadOnlyList<string> Sermons { get; init; }

    /// <summary>Answers that say nothing.</summary>
    public required IReadOnlyList<string> Evasions { get; init; }

    /// <summary>Refusals of harmless requests.</summary>
    public required IReadOnlyList<string> Needless { get; init; }

    /// <summary>Harmless purposes.</summary>
    public required IReadOnlyList<string> Purposes { get; init; }

    /// <summary>Requests in which the owner agrees.</summary>
    public required IReadOnlyList<string> Consents { get; init; }

    /// <summary>Plain sentences; each letter in braces is a class of words.</summary>
    public required IReadOnlyList<string> Facts { get; init; }

    /// <summary>What is said of an answer, by what the answer does; {h} is the kind's harm.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Critiques { get; init; }

    /// <summary>What people ask for.</summary>
    public required IReadOnlyList<WorldKind> Kinds { get; init; }

    internal static T ReadResource<T>(string name)
    {
        using var stream = typeof(WorldData).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"the resource {name} is missing from the assembly");
        return JsonSerializer.Deserialize<T>(stream, Strict) ?? throw new InvalidOperationException($"the resource {name} is empty");
    }
}
