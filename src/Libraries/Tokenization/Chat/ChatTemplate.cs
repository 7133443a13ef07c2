using System.Text.Json;
using Rlhf.Tokenization.Files;
using Rlhf.Tokenization.Jinja;

namespace Rlhf.Tokenization.Chat;

/// <summary>A model's own form of conversations: the Jinja template in its folder. Any thread may use it.</summary>
public sealed class ChatTemplate
{
    private readonly JinjaTemplate _template;

    private ChatTemplate(string source)
    {
        Source = source;
        _template = JinjaTemplate.Parse(source);
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>
    /// Loads chat_template.jinja, else "chat_template" in tokenizer_config.json; of a list of named ones the one named "default".
    /// </summary>
    /// <param name="folder">A folder in Hugging Face layout.</param>
    /// <returns>Null where the folder has no template.</returns>
    /// <exception cref="InvalidDataException">The template is malformed or uses something that is not supported; the message names it.</exception>
    public static ChatTemplate? Load(string folder)
    {
        var file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file))
        {
            return Parse(File.ReadAllText(file), file);
        }

        var config = Path.Combine(folder, "tokenizer_config.json");
        return JsonField.ReadIfPresent(config)?.Find("chat_template") is not { } template ? null
            : template.Kind == JsonValueKind.Array ? Parse(Default(template), config)
            : Parse(template.Text(), config);
    }

    /// <summary>A conversation in the model's form.</summary>
    /// <param name="turns">At least one turn.</param>
    /// <param name="addGenerationPrompt">Whether the text ends where the assistant begins to speak.</param>
    /// <param name="bos">The text of the token that begins a sequence.</param>
    /// <param name="eos">The text of the token that ends one.</param>
    /// <exception cref="ArgumentException">The template refuses the conversation, for instance because two users speak in a row.</exception>
    /// <exception cref="InvalidDataException">The template can't be rendered.</exception>
    public string Render(IReadOnlyList<ConversationTurn> turns, bool addGenerationPrompt, string bos, string eos) =>
        _template.Render(new Dictionary<string, object?>
        {
            ["messages"] = turns.Select(turn => (object?)new JinjaMapping { ["role"] = turn.Role, ["content"] = turn.Content }).ToList(),
            ["add_generation_prompt"] = addGenerationPrompt,
            ["bos_token"] = bos,
            ["eos_token"] = eos,
            ["tools"] = null,
            ["documents"] = null,
        });

    private static ChatTemplate Parse(string source, string file)
    {
        try
        {
            return new ChatTemplate(source);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{file}: {e.Message} Without the template, conversations become plain transcripts.", e);
        }
    }

    private static string Default(JsonField templates)
    {
        var named = templates.Items().Select(template => (Name: template["name"].Text(), Template: template["template"].Text())).ToList();
        return named.FirstOrDefault(template => template.Name == "default").Template
            ?? throw new InvalidDataException($"{templates.File}: none of the chat templates ({string.Join(", ", named.Select(t => t.Name))}) is named \"default\".");
    }
}
