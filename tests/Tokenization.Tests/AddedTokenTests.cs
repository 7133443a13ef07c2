namespace Rlhf.Tokenization.Tests;

public sealed class AddedTokenTests
{
    [Fact]
    public void Special_tokens_match_only_when_allowed_and_other_added_tokens_always()
    {
        using var tiny = new TinyTokenizer();
        var special = tiny.AddToken("<|user|>", special: true);
        var tool = tiny.AddToken("<tool>");
        var tokenizer = tiny.Load();
        Assert.Equal([tool, .. Bytes("<|user|>")], tokenizer.Encode("<tool><|user|>"));
        Assert.Equal([tool, special, 'a'], tokenizer.Encode("<tool><|user|>a", allowSpecial: true));
        Assert.Equal("<tool>a", tokenizer.Decode([tool, special, 'a']));
        Assert.Equal("<tool><|user|>a", tokenizer.Decode([tool, special, 'a'], keepSpecial: true));
    }

    [Fact]
    public void The_leftmost_and_then_the_longest_token_matches()
    {
        using var tiny = new TinyTokenizer();
        var (ab, abc, bcd) = (tiny.AddToken("ab"), tiny.AddToken("abc"), tiny.AddToken("bcd"));
        Assert.Equal([abc, 'd', ab, 'x', bcd], tiny.Load().Encode("abcdabxbcd"));
    }

    [Theory]
    [InlineData("lstrip", "a  <t>  b", new[] { 97, 257, 32, 32, 98 })]
    [InlineData("rstrip", "a  <t>  b", new[] { 97, 32, 32, 257, 98 })]
    [InlineData("single_word", "a<t>", new[] { 97, 60, 116, 62 })]
    [InlineData("single_word", "a <t>.", new[] { 97, 32, 257, 46 })]
    public void Flags_say_what_a_token_takes_with_it(string flag, string text, int[] expected)
    {
        using var tiny = new TinyTokenizer();
        tiny.AddToken("<t>", flag: flag);
        Assert.Equal(expected, tiny.Load().Encode(text));
    }

    [Fact]
    public void A_normalized_token_is_looked_for_in_the_normalized_text()
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["normalizer"] = new System.Text.Json.Nodes.JsonObject { ["type"] = "NFC" };
        var token = tiny.AddToken("caf\u00E9", flag: "normalized");
        Assert.Equal([token], tiny.Load().Encode("cafe\u0301"));
    }

    [Fact]
    public void A_text_begins_with_what_the_template_puts_before_it()
    {
        using var tiny = new TinyTokenizer();
        var bos = tiny.AddToken("<s>", special: true);
        tiny.Json["post_processor"] = System.Text.Json.Nodes.JsonNode.Parse(
            """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}""");
        Assert.Equal([bos, 'a'], tiny.Load().Encode("a"));
        tiny.Config["add_bos_token"] = false;
        Assert.Equal(['a'], tiny.Load().Encode("a"));
    }

    private static IEnumerable<int> Bytes(string text) => text.Select(c => (int)c);
}
