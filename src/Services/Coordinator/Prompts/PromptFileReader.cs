using System.Text.Json;
using CsvHelper;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Prompts;

/// <summary>
/// Reads prompts from JSON lines ("prompt", or "messages"; optional "id" and "kind"), CSV (a "prompt" column; optional "id" and
/// "kind" or "label") or plain text (one a line), told apart by the file's ending. Bad lines are left out and counted.
/// </summary>
internal static class PromptFileReader
{
    /// <summary>The longest prompt taken, in characters: what no context holds is not worth a request.</summary>
    public const int MaxCharacters = 100_000;

    // Ids are parts of keys, and the index of a database holds keys of some 2,700 bytes.
    private const int MaxIdCharacters = 200;

    private const int MaxReportedLines = 100;

    /// <summary>Reads a file.</summary>
    /// <exception cref="StartupException">It can't be read, or holds no usable prompt.</exception>
    public static PromptFile Read(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            var file = Read(reader, Path.GetExtension(path));
            return file.Prompts.Count > 0
                ? file
                : throw new StartupException(
                    $"prompt file '{path}' holds no usable prompt ({(file.BadLineCount == 0 ? "it is empty" : file.BadLines[0])}); give JSON lines with \"prompt\" or \"messages\", CSV with a 'prompt' column, or plain text with one prompt a line");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"prompt file '{path}' can't be read: {exception.Message}", exception);
        }
        catch (FormatException exception)
        {
            throw new StartupException($"prompt file '{path}': {exception.Message}", exception);
        }
    }

    /// <summary>Reads prompts from text in the form that a file's ending names.</summary>
    /// <exception cref="FormatException">A CSV file without a prompt column.</exception>
    public static PromptFile Read(TextReader reader, string extension)
    {
        var good = new List<RunPrompt>();
        var ids = new HashSet<string>();
        var bad = new List<string>();
        var (badCount, duplicates) = (0, 0);
        foreach (var line in extension.ToLowerInvariant() switch
        {
            ".jsonl" or ".ndjson" => JsonLines(reader),
            ".csv" => Csv(reader),
            _ => TextLines(reader),
        })
        {
            if (line.Prompt is not { } prompt)
            {
                badCount++;
                if (bad.Count < MaxReportedLines)
                {
                    bad.Add($"line {line.Number}: {line.Reason}");
                }
            }
            else if (ids.Add(RunPrompt.IdOf(prompt.Turns)))
            {
                good.Add(prompt);
            }
            else
            {
                duplicates++;
            }
        }

        return new PromptFile(WithUniqueIds(good), bad, badCount, duplicates);
    }

    private sealed record Line(int Number, RunPrompt? Prompt, string? Reason);

    private static IEnumerable<Line> TextLines(TextReader reader)
    {
        for (var number = 1; reader.ReadLine() is { } text; number++)
        {
            if (!string.IsNullOrWhiteSpace(text))
            {
                yield return Make(number, id: null, kind: null, [new Turn("user", text.Trim())]);
            }
        }
    }

    private static IEnumerable<Line> JsonLines(TextReader reader)
    {
        for (var number = 1; reader.ReadLine() is { } text; number++)
        {
            if (!string.IsNullOrWhiteSpace(text))
            {
                yield return JsonLine(number, text);
            }
        }
    }

    private static Line JsonLine(int number, string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return new Line(number, null, "not a JSON object");
            }

            if (root.TryGetProperty("prompt", out var prompt))
            {
                return prompt.ValueKind == JsonValueKind.String
                    ? Make(number, Text(root, "id"), Text(root, "kind"), [new Turn("user", prompt.GetString() ?? "")])
                    : new Line(number, null, "\"prompt\" is not a text");
            }

            if (root.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array)
            {
                var turns = messages.Deserialize<List<Turn>>() ?? [];
                return Make(number, Text(root, "id"), Text(root, "kind"), turns);
            }

            return new Line(number, null, "neither \"prompt\" nor \"messages\"");
        }
        catch (JsonException exception)
        {
            return new Line(number, null, "not JSON: " + exception.Message);
        }

        static string? Text(JsonElement element, string name) =>
            !element.TryGetProperty(name, out var value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : value.ValueKind == JsonValueKind.Null ? null
            : value.GetRawText();
    }

    private static IEnumerable<Line> Csv(TextReader reader)
    {
        var malformed = new Queue<Line>();
        using var csv = CsvReader.Create(
            reader,
            new CsvReaderOptions
            {
                TrackLineNumbers = true,
                MalformedData = CsvMalformedDataHandling.Skip,
                OnMalformedRecord = record => malformed.Enqueue(new Line((int)record.LineNumber, null, "malformed quotation marks")),
            },
            leaveOpen: true);
        csv.ReadHeader();
        if (!csv.TryGetFieldIndex("prompt", out var promptColumn))
        {
            throw new FormatException(csv.Headers.Count == 0 ? "it is empty" : $"no column 'prompt' among: {string.Join(", ", csv.Headers)}");
        }

        var hasId = csv.TryGetFieldIndex("id", out var idColumn);
        var hasKind = csv.TryGetFieldIndex("kind", out var kindColumn) || csv.TryGetFieldIndex("label", out kindColumn);
        while (csv.Read())
        {
            while (malformed.TryDequeue(out var line))
            {
                yield return line;
            }

            var number = (int)csv.LineNumber;
            yield return csv.FieldCount > promptColumn
                ? Make(number, Field(csv, hasId, idColumn), Field(csv, hasKind, kindColumn), [new Turn("user", csv.GetString(promptColumn))])
                : new Line(number, null, "too few columns");
        }

        while (malformed.TryDequeue(out var line))
        {
            yield return line;
        }

        static string? Field(CsvReader csv, bool exists, int column) => exists && column < csv.FieldCount ? csv.GetString(column) : null;
    }

    private static Line Make(int number, string? id, string? kind, IReadOnlyList<Turn> turns)
    {
        PromptKind? parsed = kind?.Trim().ToLowerInvariant() switch
        {
            null or "" => PromptKind.Unknown,
            "harmful" or "unsafe" => PromptKind.Harmful,
            "harmless" or "safe" => PromptKind.Harmless,
            _ => null,
        };
        var reason =
            id?.Length > MaxIdCharacters ? $"the id is longer than {MaxIdCharacters} characters"
            : parsed is null ? $"kind '{kind}' is none of harmful, unsafe, harmless, safe"
            : turns.Count == 0 ? "no messages"
            : turns.Any(turn => turn is null || turn.Role is not ("system" or "user" or "assistant")) ? "a role is none of system, user, assistant"
            : turns.Any(turn => string.IsNullOrWhiteSpace(turn.Content)) ? "empty text"
            : turns[^1].Role != "user" ? "the last message is not the user's"
            : turns.Sum(turn => turn.Content.Length) > MaxCharacters ? $"longer than {MaxCharacters} characters"
            : null;
        return reason is null
            ? new Line(number, new RunPrompt(string.IsNullOrWhiteSpace(id) ? RunPrompt.IdOf(turns) : id.Trim(), parsed ?? PromptKind.Unknown, turns), null)
            : new Line(number, null, reason);
    }

    /// <summary>Ids of the file's own making may clash; the later one then gets its content's id.</summary>
    private static List<RunPrompt> WithUniqueIds(IEnumerable<RunPrompt> prompts)
    {
        var ids = new HashSet<string>();
        return [.. prompts.Select(prompt => ids.Add(prompt.PromptId) ? prompt : prompt with { PromptId = RunPrompt.IdOf(prompt.Turns) })];
    }
}
