using System.Text.Json.Nodes;

namespace Rlhf.Tokenization.Tests;

public sealed class UnsupportedFileTests
{
    [Theory]
    [InlineData("normalizer", """{"type": "Precompiled", "precompiled_charsmap": ""}""", "Precompiled")]
    [InlineData("normalizer", """{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "BertNormalizer"}]}""", "BertNormalizer")]
    [InlineData("pre_tokenizer", """{"type": "BertPreTokenizer"}""", "BertPreTokenizer")]
    [InlineData("pre_tokenizer", """{"type": "ByteLevel", "add_prefix_space": true}""", "add_prefix_space")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "[\\p{L}&&[^\\p{Han}]]+"}, "behavior": "Isolated"}""", "&&")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "\\p{Han}+"}, "behavior": "Isolated"}""", "dialect")]
    [InlineData("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "a++b"}, "behavior": "Isolated"}""", "dialect")]
    [InlineData("decoder", """{"type": "WordPiece"}""", "WordPiece")]
    [InlineData("decoder", """{"type": "Sequence", "decoders": [{"type": "ByteLevel"}, {"type": "CTC"}]}""", "CTC")]
    [InlineData("post_processor", """{"type": "BertProcessing"}""", "BertProcessing")]
    [InlineData("model", """{"type": "Unigram", "vocab": []}""", "Unigram")]
    [InlineData("model", """{"type": "BPE", "vocab": {}, "merges": [], "dropout": 0.1}""", "dropout")]
    [InlineData("model", """{"type": "BPE", "vocab": {}, "merges": [], "end_of_word_suffix": "</w>"}""", "end_of_word_suffix")]
    [InlineData("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": []}""", "byte 0x00")]
    public void What_is_not_supported_is_refused_by_name(string part, string json, string named)
    {
        using var tiny = new TinyTokenizer();
        tiny.Json[part] = JsonNode.Parse(json);
        var error = Assert.Throws<InvalidDataException>(tiny.Load);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["a b c"]""", "model.merges[0]")]
    [InlineData("""[["a", "b"]]""", "\"ab\"")]
    [InlineData("""[17]""", "model.merges[0]")]
    public void A_merge_that_makes_no_token_is_refused(string merges, string named)
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["model"]!["merges"] = JsonNode.Parse(merges);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(tiny.Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_of_two_tokens_is_refused()
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["model"]!["vocab"]!["twin"] = 65;
        Assert.Contains("65", Assert.Throws<InvalidDataException>(tiny.Load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vocabulary_and_merges_of_an_unknown_class_ask_for_tokenizer_json()
    {
        using var tiny = new TinyTokenizer();
        tiny.Write("vocab.json", tiny.Json["model"]!["vocab"]!.ToJsonString());
        tiny.Write("merges.txt", "#version: 0.2\n");
        tiny.Write("tokenizer_config.json", """{"tokenizer_class": "RobertaTokenizer"}""");
        var error = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(tiny.Folder));
        Assert.Contains("RobertaTokenizer", error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }
}
