using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rlhf.Constitution;

/// <summary>
/// Written principles with their examples (Bai et al. 2022, arXiv:2212.08073): what critiques, revisions and
/// comparisons are asked under. Immutable once loaded.
/// </summary>
public sealed record ConstitutionFile
{
    private static readonly JsonSerializerOptions HashForm = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Lazy<ConstitutionFile> BuiltIn = new(LoadBuiltIn);

    /// <summary>The constitution that ships with this library: 16 short principles, no examples.</summary>
    public static ConstitutionFile Default => BuiltIn.Value;

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>In the file's order; ids are unique.</summary>
    public required IReadOnlyList<Principle> Principles { get; init; }

    /// <summary>
    /// Solved critiques with revisions, each a whole transcript from "\n\nHuman:" to the revision, shown before the
    /// one that is asked.
    /// </summary>
    public IReadOnlyList<string> RevisionExamples { get; init; } = [];

    /// <summary>Solved comparisons, shown before the one that is asked.</summary>
    public IReadOnlyList<ComparisonExample> ComparisonExamples { get; init; } = [];

    /// <summary>Solved comparisons with a chain of thought; "{}" stands where the principle's wording goes.</summary>
    public IReadOnlyList<string> ReasonedExamples { get; init; } = [];

    /// <summary>What people who label, and judges who take a system message, are told. Empty when there is nothing to say.</summary>
    public string Guidelines { get; init; } = "";

    /// <summary>SHA-256 of the whole content in a canonical form, lower-case hex: another layout of the same file hashes alike.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new { Name, Principles, RevisionExamples, ComparisonExamples, ReasonedExamples, Guidelines }, HashForm)));

    /// <summary>Principles that can be asked for a critique and a revision.</summary>
    public IReadOnlyList<Principle> RevisionPrinciples =>
        [.. Principles.Where(principle => principle is { CritiqueRequest: not null, RevisionRequest: not null })];

    /// <summary>Principles that can be asked which of two answers is better.</summary>
    public IReadOnlyList<Principle> ComparisonPrinciples => [.. Principles.Where(principle => principle.Comparison is not null)];

    /// <summary>
    /// Reads a file (.yaml, .yml or .json in this project's form, or one of the published Constitutional AI files),
    /// or a folder of published files as one constitution.
    /// </summary>
    /// <exception cref="ConstitutionFileException">It can't be read, or has an unknown key, a missing or wrong value.</exception>
    public static ConstitutionFile Load(string path)
    {
        if (Directory.Exists(path))
        {
            return PublishedFiles.ReadFolder(path);
        }

        var text = ReadText(path);
        return path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && PublishedFiles.TryRead(text, path) is { } published
            ? published
            : ConstitutionParser.Parse(text, path);
    }

    /// <summary>Reads this project's form from text.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="source">Named in errors: a path, or another word for where the text comes from.</param>
    /// <exception cref="ConstitutionFileException">The text has an unknown key, a missing or wrong value.</exception>
    public static ConstitutionFile Parse(string text, string source) => ConstitutionParser.Parse(text, source);

    /// <summary>The principle of this id.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public Principle Find(string id) =>
        Principles.FirstOrDefault(principle => principle.Id == id)
        ?? throw new ArgumentException($"the constitution \"{Name}\" has no principle \"{id}\"; it has {string.Join(", ", Principles.Select(principle => principle.Id))}", nameof(id));

    internal static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConstitutionFileException($"the constitution {path} can't be read ({exception.Message}); name a readable YAML or JSON file, or leave the path empty for the built-in one", exception);
        }
    }

    private static ConstitutionFile LoadBuiltIn()
    {
        const string Resource = "default.constitution.yaml";
        using var stream = typeof(ConstitutionFile).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is missing from the assembly");
        using var reader = new StreamReader(stream);
        return ConstitutionParser.Parse(reader.ReadToEnd(), Resource);
    }
}
