using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.V1;

namespace Rlhf.Learner.Data.Files;

/// <summary>Writes preferences in TRL's form: one JSON object a line with "prompt", "chosen" and "rejected".</summary>
internal static class PreferenceFileWriter
{
    // Letters of all scripts stay readable; a data file is no web page.
    private static readonly JsonSerializerOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a file; "margin" and "preference" only where they say something.</summary>
    /// <exception cref="ArgumentException">A prompt is of tokens, which have no text.</exception>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static void Write(string path, IEnumerable<PreferenceRow> rows)
    {
        using var writer = new StreamWriter(path);
        foreach (var row in rows)
        {
            writer.Write(ToJson(row).ToJsonString(s_options));
            writer.Write('\n');
        }
    }

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
