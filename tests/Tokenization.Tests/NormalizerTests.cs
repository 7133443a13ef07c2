using System.Text.Json.Nodes;

namespace Rlhf.Tokenization.Tests;

public sealed class NormalizerTests
{
    [Theory]
    [InlineData("NFC", "e\u0301\uFB01", "\u00E9\uFB01")]
    [InlineData("NFD", "\u00E9\uFB01", "e\u0301\uFB01")]
    [InlineData("NFKC", "e\u0301\uFB01", "\u00E9fi")]
    [InlineData("NFKD", "\u00E9\uFB01", "e\u0301fi")]
    public void Text_is_brought_to_the_form_that_the_file_names(string form, string text, string expected)
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["normalizer"] = new JsonObject { ["type"] = form };
        var tokenizer = tiny.Load();
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Theory]
    [InlineData("""{"String": "a."}""", "ab-")]
    [InlineData("""{"Regex": "a."}""", "-$0")]
    public void Replace_takes_its_texts_as_they_are(string pattern, string expected)
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["normalizer"] = new JsonObject
        {
            ["type"] = "Replace",
            ["pattern"] = JsonNode.Parse(pattern),
            ["content"] = pattern.Contains("Regex", StringComparison.Ordinal) ? "$0" : "-",
        };
        var tokenizer = tiny.Load();
        var text = pattern.Contains("Regex", StringComparison.Ordinal) ? "-ab" : "aba.";
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text)));
    }

    [Fact]
    public void Half_a_surrogate_pair_becomes_the_replacement_character()
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        var tokenizer = tiny.Load();
        Assert.Equal("a\uFFFDb\uFFFD", tokenizer.Decode(tokenizer.Encode("a\uD800b\uDC00")));
    }
}
