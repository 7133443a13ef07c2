using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>
/// Writes preferences, one JSON object a line: in TRL's form with "prompt", "chosen" and "rejected", or as HH-RLHF's pairs of transcripts
/// (Bai et al. 2022, arXiv:2204.05862).
/// </summary>
public static class PreferenceFileWriter
{
    // Letters of all scripts stay readable; a data file is no web page.
    private static readonly JsonSerializerOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file in TRL's form; "margin" and "preference" only where they say something.</summary>
    /// <exception cref="ArgumentException">A prompt is of tokens, which have no text.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, IEnumerable<PreferenceRow> rows)
    {
        using var writer = new StreamWriter(path);
        foreach (var row in rows)
        {
            writer.Write(TrlLine(row));
            writer.Write('\n');
        }
    }

    /// <summary>A row in TRL's form, without the line's end.</summary>
    /// <exception cref="ArgumentException">The prompt is of tokens, which have no text.</exception>
    public static string TrlLine(PreferenceRow row) => ToJson(row).ToJsonString(s_options);

    /// <summary>
    /// A row as two transcripts, without the line's end. Null where reading them would give something else: a system turn or a text with a
    /// speaker's mark in it has no place there, nor has a prompt that isn't a conversation.
    /// </summary>
    public static string? TranscriptLine(PreferenceRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        if (row.Prompt.ContentCase != Prompt.ContentOneofCase.Conversation)
        {
            return null;
        }

        var turns = row.Prompt.Conversation.Messages.Select(message => new ConversationTurn(message.Role, message.Content)).ToList();
        if (turns.Any(turn => turn.Role == "system") || turns.Select(turn => turn.Content).Append(row.Chosen).Append(row.Rejected).Any(HasMark))
        {
            return null;
        }

        var prompt = Transcript.Render(turns);
        return new JsonObject { ["chosen"] = $"{prompt} {row.Chosen.Trim()}", ["rejected"] = $"{prompt} {row.Rejected.Trim()}" }.ToJsonString(s_options);
    }

    private static bool HasMark(string text)
        => text.Contains(Transcript.HumanMark, StringComparison.Ordinal) || text.Contains(Transcript.AssistantMark, StringComparison.Ordinal);

    private static JsonObject ToJson(PreferenceRow row)
    {
        var json = row.Prompt.ContentCase switch
        {
            Prompt.ContentOneofCase.Text => new JsonObject { ["prompt"] = row.Prompt.Text, ["chosen"] = row.Chosen, ["rejected"] = row.Rejected },
            Prompt.ContentOneofCase.Conversation => new JsonObject
            {
                ["prompt"] = new JsonArray([.. row.Prompt.Conversation.Messages.Select(message => Message(message.Role, message.Content))]),
                ["chosen"] = new JsonArray(Message("assistant", row.Chosen)),
                ["rejected"] = new JsonArray(Message("assistant", row.Rejected)),
            },
            _ => throw new ArgumentException("A prompt of tokens has no text to write; decode it first.", nameof(row)),
        };
        if (row.Margin is { } margin)
        {
            json["margin"] = margin;
        }

        if (row.Preference != 1)
        {
            json["preference"] = row.Preference;
        }

        return json;
    }

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
