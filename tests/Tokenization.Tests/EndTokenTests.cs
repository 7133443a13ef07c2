namespace Rlhf.Tokenization.Tests;

public sealed class EndTokenTests
{
    private const string TurnsEndWithAToken =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private const string TurnsEndWithEos = "{% for m in messages %}{{ m.role + ': ' + m.content + ' ' + eos_token }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

    private const string TurnsHaveNoEnd = "{% for m in messages %}{{ '<|im_start|>' + m.role + ': ' + m.content }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant: {% endif %}";

    [Fact]
    public void A_response_ends_at_every_token_that_a_file_names()
    {
        using var tiny = Tiny(out _, out var turnEnd);
        var other = tiny.AddToken("<|eom|>", special: true);
        tiny.Write("generation_config.json", $$"""{"eos_token_id": [{{turnEnd}}, 7]}""");
        tiny.Write("config.json", $$"""{"eos_token_id": {{other}}}""");
        var tokenizer = tiny.Load();
        Assert.Equal(TinyTokenizer.EndId, tokenizer.EosId);
        Assert.Equal([7, TinyTokenizer.EndId, turnEnd, other], tokenizer.EndIds.Order());
        Assert.Equal(TinyTokenizer.EndId, tokenizer.Conversations.EndId);
    }

    [Theory]
    [InlineData(TurnsEndWithAToken, true)]
    [InlineData(TurnsEndWithEos, false)]
    [InlineData(TurnsHaveNoEnd, false)]
    public void A_turn_ends_with_the_templates_token_else_with_that_of_a_text(string template, bool hasOwnEnd)
    {
        using var tiny = Tiny(out _, out var turnEnd);
        tiny.Write("chat_template.jinja", template);
        var tokenizer = tiny.Load();
        Assert.Equal(TinyTokenizer.EndId, tokenizer.EosId);
        Assert.Equal(hasOwnEnd ? turnEnd : TinyTokenizer.EndId, tokenizer.Conversations.EndId);
        Assert.Equal(hasOwnEnd ? [TinyTokenizer.EndId, turnEnd] : [TinyTokenizer.EndId], tokenizer.EndIds.Order());
    }

    [Fact]
    public void The_longest_token_behind_the_answer_ends_the_turn()
    {
        using var tiny = Tiny(out _, out _);
        tiny.AddToken("<|im");
        var longest = tiny.AddToken("<|im_end|><|im_end|>");
        tiny.Write("chat_template.jinja", TurnsEndWithAToken.Replace("<|im_end|>", "<|im_end|><|im_end|>", StringComparison.Ordinal));
        Assert.Equal(longest, tiny.Load().Conversations.EndId);
    }

    [Theory]
    [InlineData("generation_config.json", "\"</s>\"")]
    [InlineData("generation_config.json", "[7, true]")]
    [InlineData("generation_config.json", "-1")]
    [InlineData("config.json", "[7, 99999]")]
    [InlineData("config.json", "{}")]
    public void An_end_token_that_is_no_token_is_refused_with_the_files_name(string file, string value)
    {
        using var tiny = Tiny(out _, out _);
        tiny.Write(file, $$"""{"eos_token_id": {{value}}}""");
        var error = Assert.Throws<InvalidDataException>(tiny.Load);
        Assert.Contains(Path.Combine(tiny.Folder, file), error.Message, StringComparison.Ordinal);
        Assert.Contains("eos_token_id", error.Message, StringComparison.Ordinal);
    }

    private static TinyTokenizer Tiny(out int start, out int end)
    {
        var tiny = new TinyTokenizer();
        (start, end) = (tiny.AddToken("<|im_start|>", special: true), tiny.AddToken("<|im_end|>", special: true));
        return tiny;
    }
}
