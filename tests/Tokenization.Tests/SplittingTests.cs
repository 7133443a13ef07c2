using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Rlhf.Tokenization.Tests;

public sealed class SplittingTests
{
    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Gpt2 = "";

    // Bars stand between the expected words, which Python's "regex" module found with the same patterns.
    [Theory]
    [InlineData(Gpt2, "I'll pay 12345 now!", "I|'ll| pay| 12345| now|!")]
    [InlineData(Qwen2, "I'LL pay 12345 now!\n\n ok", "I|'LL| pay| |1|2|3|4|5| now|!\n\n| ok")]
    [InlineData(Llama3, "I'LL pay 12345 now!\n\n ok", "I|'LL| pay| |123|45| now|!\n\n| ok")]
    [InlineData(Gpt2, "\U0001D407\U0001D41E\U0001D425\U0001D425\U0001D428 \U00010330\U00010331 x", "\U0001D407\U0001D41E\U0001D425\U0001D425\U0001D428| \U00010330\U00010331| x")]
    [InlineData(Gpt2, "\U00020000\U00020001. \U0001D7CE\U0001D7CF\U0001F600\U0001F601a", "\U00020000\U00020001|.| \U0001D7CE\U0001D7CF|\U0001F600\U0001F601|a")]
    [InlineData(Llama3, "\U0001D7CE\U0001D7CF\U0001D7D0\U0001D7D1\U0001D400b", "\U0001D7CE\U0001D7CF\U0001D7D0|\U0001D7D1|\U0001D400b")]
    [InlineData(Qwen2, "\U0001F600\U00010400\U00010428-\U00010330", "\U0001F600\U00010400\U00010428|-\U00010330")]
    public void Text_is_cut_as_the_pattern_says_also_beyond_the_basic_plane(string pattern, string text, string expected)
    {
        using var tiny = new TinyTokenizer();
        if (pattern.Length > 0)
        {
            tiny.Json["pre_tokenizer"] = TinyTokenizer.SplitBy(pattern);
        }

        var words = expected.Split('|');
        var ids = words.Distinct().Zip(tiny.AddWords([.. words.Distinct()])).ToDictionary(pair => pair.First, pair => pair.Second);
        Assert.Equal(words.Select(word => ids[word]), tiny.Load().Encode(text));
    }

    [Theory]
    [InlineData(true, "a|1|2|3| b|4")]
    [InlineData(false, "a|123| b|4")]
    public void Digits_are_cut_off_before_bytes(bool each, string expected)
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["pre_tokenizer"] = TinyTokenizer.Sequence(
            new JsonObject { ["type"] = "Digits", ["individual_digits"] = each }, TinyTokenizer.ByteLevel(useRegex: true));
        Assert.Equal(tiny.AddWords(expected.Split('|')), tiny.Load().Encode("a123 b4"));
    }

    // The example of Hugging Face's documentation of these behaviours: "the-final--countdown" cut at "-".
    [Theory]
    [InlineData("Removed", "the|final|countdown")]
    [InlineData("Isolated", "the|-|final|-|-|countdown")]
    [InlineData("MergedWithPrevious", "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", "the|-final|-|-countdown")]
    [InlineData("Contiguous", "the|-|final|--|countdown")]
    public void Matches_become_what_the_behavior_says(string behavior, string expected)
    {
        using var tiny = new TinyTokenizer();
        tiny.Json["pre_tokenizer"] = TinyTokenizer.Sequence(
            new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["String"] = "-" }, ["behavior"] = behavior, ["invert"] = false },
            TinyTokenizer.ByteLevel(useRegex: false));
        var words = expected.Split('|');
        var ids = words.Distinct().Zip(tiny.AddWords([.. words.Distinct()])).ToDictionary(pair => pair.First, pair => pair.Second);
        Assert.Equal(words.Select(word => ids[word]), tiny.Load().Encode("the-final--countdown"));
    }

    [Fact]
    public void Every_character_beyond_the_basic_plane_has_a_stand_in_of_its_category()
    {
        foreach (var (category, standIn) in Splitting.BmpShadow.StandIns)
        {
            Assert.Equal(category, CharUnicodeInfo.GetUnicodeCategory(standIn));
        }

        for (var value = 0x10000; value <= 0x10FFFF; value++)
        {
            Assert.Contains(Rune.GetUnicodeCategory(new Rune(value)), Splitting.BmpShadow.StandIns);
        }
    }
}
