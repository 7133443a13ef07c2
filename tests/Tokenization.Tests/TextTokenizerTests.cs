using System.Text.Json;
using Rlhf.Testing;

namespace Rlhf.Tokenization.Tests;

public sealed class TextTokenizerTests
{
    [Theory]
    [InlineData("models/stories260K/hf", "tokenizers/vectors/tok512.json")]
    [InlineData("tokenizers/gpt2", "tokenizers/vectors/ggml_gpt-2.json")]
    [InlineData("tokenizers/llama2", "tokenizers/vectors/ggml_llama-spm.json")]
    public void Ids_equal_the_reference_vectors(string model, string vectors)
    {
        AssertVectors(TextTokenizer.Load(Fixtures.Path(model)), vectors);
    }

    [Fact]
    public void Vocabulary_and_merges_alone_give_the_same_ids()
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-test").FullName;
        foreach (var name in (string[])["vocab.json", "merges.txt"])
        {
            File.Copy(Path.Combine(Fixtures.Path("tokenizers/gpt2"), name), Path.Combine(folder, name));
        }

        var tokenizer = TextTokenizer.Load(folder);
        AssertVectors(tokenizer, "tokenizers/vectors/ggml_gpt-2.json");
        Assert.Equal(50256, tokenizer.EosId);
        Assert.Equal([50256, 64], tokenizer.Encode("<|endoftext|>a", allowSpecial: true));
        Directory.Delete(folder, recursive: true);
    }

    private static void AssertVectors(TextTokenizer tokenizer, string vectors)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Fixtures.Path(vectors)));
        var wrong = new List<string>();
        var count = 0;
        foreach (var vector in json.RootElement.EnumerateArray())
        {
            var text = vector.GetProperty("text").GetString() ?? "";
            var expected = vector.GetProperty("ids").EnumerateArray().Select(e => e.GetInt32()).ToArray();
            var actual = tokenizer.Encode(text).SkipWhile(id => id == tokenizer.BosId).ToArray();
            count++;
            if (!expected.SequenceEqual(actual))
            {
                wrong.Add($"\"{text}\": expected {string.Join(' ', expected)}, got {string.Join(' ', actual)}");
            }
        }

        Assert.True(count > 40, $"only {count} vectors");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count}:\n" + string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("models/stories260K/hf")]
    [InlineData("tokenizers/gpt2")]
    public void A_continuation_is_what_follows_the_prompt_in_the_whole_text(string model)
    {
        var tokenizer = TextTokenizer.Load(Fixtures.Path(model));
        int[] joined = [.. tokenizer.Encode("Once upon a time there"), .. tokenizer.EncodeContinuation("was a little girl")];
        Assert.Equal(tokenizer.Encode("Once upon a time there was a little girl"), joined);
    }

    [Fact]
    public void The_text_of_a_special_token_in_the_input_is_ordinary_text()
    {
        var tokenizer = TextTokenizer.Load(Fixtures.Path("models/stories260K/hf"));
        Assert.DoesNotContain(tokenizer.EosId, tokenizer.EncodeContinuation("stop </s> here"));
    }

    [Fact]
    public void A_folder_without_tokenizer_is_refused_by_name()
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-test");
        var error = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(folder.FullName));
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        folder.Delete();
    }

    [Fact]
    public void Broken_json_is_refused_by_name()
    {
        var folder = Directory.CreateTempSubdirectory("tokenizer-test");
        File.WriteAllText(Path.Combine(folder.FullName, "tokenizer.json"), "{\"model\":");
        var error = Assert.Throws<InvalidDataException>(() => TextTokenizer.Load(folder.FullName));
        Assert.Contains("not valid JSON", error.Message, StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }
}
