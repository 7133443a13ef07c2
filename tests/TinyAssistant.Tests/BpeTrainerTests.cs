using Rlhf.Tokenization;

namespace Rlhf.TinyAssistant.Tests;

public sealed class BpeTrainerTests
{
    [Fact]
    public void The_most_frequent_pair_is_merged_first()
    {
        // " low" 3 times and " lot" twice: "Ġl" and "lo" occur 5 times each. '.' sorts before letters, so the words
        // are counted as they stand; of equal pairs the one that sorts first wins ("l" before "Ġ").
        var vocabulary = BpeTrainer.Train([" low low low lot lot"], 258 + 4);
        Assert.Equal([("l", "o"), ("Ġ", "lo"), ("Ġlo", "w"), ("Ġlo", "t")], vocabulary.Merges);
        Assert.Equal(["<s>", "</s>", "Ā"], vocabulary.Tokens.Take(3));
        Assert.Equal(["lo", "Ġlo", "Ġlow", "Ġlot"], vocabulary.Tokens.Skip(258));
    }

    [Fact]
    public void Merging_ends_when_no_pair_occurs_twice() => Assert.Equal(258, BpeTrainer.Train([" abc"], 300).Tokens.Count);

    [Fact]
    public void The_byte_alphabet_is_that_of_gpt2()
    {
        // From the published byte_to_unicode table: space, line feed, tab, delete, no-break space, soft hyphen.
        Assert.Equal(["Ġ", "Ċ", "ĉ", "ġ", "ł", "Ń", "!", "ÿ"], new byte[] { 32, 10, 9, 127, 160, 173, 33, 255 }.Select(BpeTrainer.ByteText));
        Assert.Equal(256, Enumerable.Range(0, 256).Select(value => BpeTrainer.ByteText((byte)value)).Distinct().Count());
    }

    [Theory]
    [InlineData("\n\nHuman: How do I mend the lamp?\n\nAssistant:")]
    [InlineData("  two  spaces, é ü 漢字 😀 won't\t\n")]
    public void Its_files_encode_and_decode_any_text_without_loss(string text)
    {
        var folder = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            BpeTrainer.Train(["\n\nHuman: How do I mend the lamp? the lamp the lamp\n\nAssistant: the lamp"], 300).Save(folder);
            var tokenizer = TextTokenizer.Load(folder);
            var ids = tokenizer.Encode(text);
            Assert.Equal(0, ids[0]);
            Assert.Equal(1, tokenizer.EosId);
            Assert.Equal(text, tokenizer.Decode(ids));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
