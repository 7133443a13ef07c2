using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Testing;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Tests;

public sealed class EndTokenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("end-token-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_response_ends_at_a_second_end_token_which_is_not_in_its_text()
    {
        using var model = CausalLanguageModel.Load(Fixtures.Path(Reference.Stories));
        using var packed = DecodingModel.Pack(model, threads: 1);
        var request = new SampleRequest([1], new() { Temperature = 0, MaxNewTokens = 8 });
        var whole = Sample(packed, TextTokenizer.Load(Fixtures.Path(Reference.Stories)), request);
        Assert.Equal(FinishKind.Length, whole.Finish);

        // An ordinary token of the vocabulary, so nothing but the list makes it an end.
        var end = whole.TokenIds[^2];
        Assert.DoesNotContain(end, whole.TokenIds[..^2]);
        var tokenizer = WithEnds($"[2, {end}]");
        foreach (var stop in (string[][])[[], ["never said"]])
        {
            var sampled = Sample(packed, tokenizer, request with { Settings = request.Settings with { Stop = stop } });
            Assert.Equal(FinishKind.EndOfSequence, sampled.Finish);
            Assert.Equal(whole.TokenIds[..^1], sampled.TokenIds);
            Assert.Equal(tokenizer.Decode(whole.TokenIds[..^2]).Trim(), sampled.Text);
        }
    }

    private static SampledSequence Sample(DecodingModel model, TextTokenizer tokenizer, SampleRequest request) =>
        new ContinuousSampler(model, tokenizer).Sample([request], CancellationToken.None)[0];

    private TextTokenizer WithEnds(string ids)
    {
        foreach (var name in (string[])["tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(Fixtures.Path(Reference.Stories), name), Path.Combine(_folder, name));
        }

        File.WriteAllText(Path.Combine(_folder, "generation_config.json"), $$"""{"eos_token_id": {{ids}}}""");
        return TextTokenizer.Load(_folder);
    }
}
