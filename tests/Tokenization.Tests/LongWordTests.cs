using System.Diagnostics;
using Rlhf.Testing;

namespace Rlhf.Tokenization.Tests;

public sealed class LongWordTests
{
    // A merge that looks at the whole word each time would take hours for a word of this length.
    [Theory]
    [InlineData("tokenizers/gpt2")]
    [InlineData("tokenizers/llama2")]
    public void A_word_of_a_megabyte_takes_seconds_and_comes_back_whole(string model)
    {
        var tokenizer = TextTokenizer.Load(Fixtures.Path(model));
        var random = new Random(3);
        var word = string.Create(1_000_000, random, (letters, source) =>
        {
            for (var i = 0; i < letters.Length; i++)
            {
                letters[i] = "etaoinshrdlu"[source.Next(12)];
            }
        });
        var since = Stopwatch.GetTimestamp();
        var ids = tokenizer.Encode(word);
        Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30), $"it took {Stopwatch.GetElapsedTime(since)}");
        Assert.Equal(word, tokenizer.Decode(ids));
    }
}
