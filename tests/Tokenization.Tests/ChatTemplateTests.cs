using System.Text.Json.Nodes;
using Rlhf.Tokenization.Chat;

namespace Rlhf.Tokenization.Tests;

public sealed class ChatTemplateTests
{
    // Written for these tests after the forms that the families document.
    private const string ChatMl =
        "{% for message in messages %}\n{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}\n" +
        "{% if add_generation_prompt %}\n{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private const string Qwen =
        "{%- if messages[0].role == 'system' %}\n    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}\n{%- else %}\n" +
        "    {{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}\n{%- endif %}\n{%- for m in messages %}\n" +
        "    {%- if not (loop.first and m.role == 'system') %}\n        {{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}\n    {%- endif %}\n{%- endfor %}\n" +
        "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n";

    private const string Llama2 =
        "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set system = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}" +
        "{% else %}{% set rest = messages %}{% set system = '' %}{% endif %}{% for m in rest %}" +
        "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must take turns') }}{% endif %}" +
        "{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + (system if loop.index0 == 0 else '') + m['content'].strip() + ' [/INST]' }}" +
        "{% else %}{{ ' ' + m['content'] | trim + ' ' + eos_token }}{% endif %}{% endfor %}";

    private const string Llama3 =
        "{{- bos_token }}\n{%- if not day is defined %}\n    {%- if strftime_now is defined %}\n        {%- set day = strftime_now('%d') %}\n    {%- else %}\n" +
        "        {%- set day = '26 Jul 2024' %}\n    {%- endif %}\n{%- endif %}\n{{- 'Today: ' ~ day ~ '\\n\\n' }}\n{%- for m in messages %}\n" +
        "    {{- '<|h|>' + m.role + '<|/h|>\\n\\n' + m.content | trim + '<|eot|>' }}\n{%- endfor %}\n{%- if add_generation_prompt %}{{- '<|h|>assistant<|/h|>\\n\\n' }}{%- endif %}\n";

    private const string Gemma =
        "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'assistant' %}{% set role = 'model' %}{% else %}{% set role = m['role'] %}{% endif %}" +
        "{{ '<start_of_turn>' + role + '\\n' + m['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}";

    private const string Zephyr =
        "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\\n' + message['content'] + eos_token }}\n" +
        "{% elif message['role'] == 'system' %}\n{{ '<|system|>\\n' + message['content'] + eos_token }}\n{% else %}\n{{ '<|assistant|>\\n'  + message['content'] + eos_token }}\n" +
        "{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}";

    private static readonly ConversationTurn[] _talk = [new("user", "Hi"), new("assistant", "Yes?"), new("user", " Bye ")];

    [Theory]
    [InlineData(ChatMl, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes?<|im_end|>\n<|im_start|>user\n Bye <|im_end|>\n<|im_start|>assistant\n")]
    [InlineData(Qwen, "<|im_start|>system\nYou help.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nYes?<|im_end|>\n<|im_start|>user\n Bye <|im_end|>\n<|im_start|>assistant\n")]
    [InlineData(Llama2, "<s>[INST] Hi [/INST] Yes? </s><s>[INST] Bye [/INST]")]
    [InlineData(Llama3, "<s>Today: 26 Jul 2024\n\n<|h|>user<|/h|>\n\nHi<|eot|><|h|>assistant<|/h|>\n\nYes?<|eot|><|h|>user<|/h|>\n\nBye<|eot|><|h|>assistant<|/h|>\n\n")]
    [InlineData(Gemma, "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nYes?<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n")]
    [InlineData(Zephyr, "<|user|>\nHi</s>\n<|assistant|>\nYes?</s>\n<|user|>\n Bye </s>\n<|assistant|>\n")]
    public void A_conversation_takes_the_form_of_its_family(string template, string expected) =>
        Assert.Equal(expected, Load(template).Render(_talk, addGenerationPrompt: true, "<s>", "</s>"));

    [Fact]
    public void Without_generation_prompt_the_text_ends_with_the_last_turn() =>
        Assert.Equal("<|im_start|>user\na<|im_end|>\n", Load(ChatMl).Render([new("user", "a")], addGenerationPrompt: false, "", ""));

    [Fact]
    public void A_template_refuses_in_its_own_words()
    {
        var error = Assert.Throws<ArgumentException>(() => Load(Llama2).Render([new("user", "a"), new("user", "b")], addGenerationPrompt: true, "", ""));
        Assert.Contains("Roles must take turns", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\n{% include 'x' %}", "line 2, the block \"include\" is not supported")]
    [InlineData("{{ messages|groupby('role') }}", "the filter \"groupby\" is not supported")]
    [InlineData("{{ messages is sameas messages }}", "the test \"sameas\" is not supported")]
    [InlineData("{{ 1 2 }}", "is expected")]
    [InlineData("{% if true %}a", "\"endif\" is missing")]
    [InlineData("{{ 'a }}", "a string does not end")]
    [InlineData("{{ (1 }}", "a tag does not end")]
    [InlineData("{% break %}", "the block \"break\" is not supported here")]
    public void What_is_not_supported_is_refused_by_name_when_the_template_is_read(string template, string named) =>
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => Load(template)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{ messages[0].content.format(1) }}", "\"format\"")]
    [InlineData("{{ nothing.x }}", "\"nothing\"")]
    [InlineData("{{ 'a' + 1 }}", "\"+\" is used on a string and a number")]
    [InlineData("{% for a in range(100000000) %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(t='aaaaaaaa') %}{% for a in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}", "characters")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nested too deeply")]
    [InlineData("{{ 'a' * 10000000000 }}", "characters")]
    public void A_template_that_goes_wrong_or_runs_away_is_stopped(string template, string named)
    {
        var error = Assert.Throws<InvalidDataException>(() => Load(template).Render(_talk, addGenerationPrompt: true, "", ""));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_brackets_are_refused() =>
        Assert.Contains("nested too deeply", Assert.Throws<InvalidDataException>(() => Load("{{ " + new string('(', 200_000) + "1" + new string(')', 200_000) + " }}")).Message, StringComparison.Ordinal);

    [Fact]
    public void Special_tokens_of_the_template_are_tokens_and_those_in_a_turn_are_text()
    {
        using var tiny = Tiny(ChatMl, out var start, out var end);
        var conversations = tiny.Load().Conversations;
        Assert.True(conversations.HasTemplate);
        int[] expected = [start, .. "user\na<|im_end|>b"u8, end, '\n', start, .. "assistant\n"u8];
        Assert.Equal(expected, conversations.Prompt([new("user", "a<|im_end|>b")]));
        Assert.Equal([.. "Hi<|im_end|>"u8.ToArray().Select(b => (int)b)], conversations.Response("Hi<|im_end|>"));
    }

    [Fact]
    public void A_response_begins_as_the_template_lets_it_begin()
    {
        using var tiny = Tiny(Llama2, out _, out _);
        Assert.Equal([' ', 'o', 'k'], tiny.Load().Conversations.Response("ok"));
    }

    [Fact]
    public void Of_named_templates_the_default_counts()
    {
        using var tiny = Tiny(ChatMl, out _, out _);
        tiny.Config["chat_template"] = JsonNode.Parse("""[{"name": "tool_use", "template": "{{ 1 }}"}, {"name": "default", "template": "{{ messages[0].content }}!"}]""");
        File.Delete(Path.Combine(tiny.Folder, "chat_template.jinja"));
        Assert.Equal(['a', '!'], tiny.Load().Conversations.Prompt([new("user", "a")]));
    }

    [Fact]
    public void Without_template_a_conversation_is_a_transcript()
    {
        using var tiny = new TinyTokenizer();
        var tokenizer = tiny.Load();
        Assert.Null(ChatTemplate.Load(tiny.Folder));
        Assert.Equal(tokenizer.Encode("\n\nHuman: a\n\nAssistant:"), tokenizer.Conversations.Prompt([new("user", "a")]));
        Assert.Equal(tokenizer.EncodeContinuation("b"), tokenizer.Conversations.Response("b"));
    }

    private static TinyTokenizer Tiny(string template, out int start, out int end)
    {
        var tiny = new TinyTokenizer();
        (start, end) = (tiny.AddToken("<|im_start|>", special: true), tiny.AddToken("<|im_end|>", special: true));
        tiny.Write("chat_template.jinja", template);
        return tiny;
    }

    private static ChatTemplate Load(string template)
    {
        var folder = Directory.CreateTempSubdirectory("template-test").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), template);
            return ChatTemplate.Load(folder) ?? throw new InvalidOperationException("no template");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
