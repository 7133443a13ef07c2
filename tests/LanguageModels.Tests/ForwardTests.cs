using Rlhf.LanguageModels.Decoding;
using Rlhf.Testing;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Tests;

public sealed class ForwardTests
{
    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    [InlineData("qwen2")]
    public void Tiny_models_logits_equal_the_reference_within_1e_5_on_both_paths(string family)
    {
        var folder = Fixtures.Path("models/tiny-hf/" + family);
        using var model = CausalLanguageModel.Load(folder);
        using var packed = DecodingModel.Pack(model, threads: 2);
        var reference = Reference.File(Path.Combine(folder, "reference_logits.json"));
        var sequences = reference.GetProperty("sequences").EnumerateArray().Select(Reference.Integers).ToList();
        Assert.NotEmpty(sequences);
        foreach (var (tokens, logits) in sequences.Zip(reference.GetProperty("logits").EnumerateArray()))
        {
            var expected = logits.EnumerateArray().Select(Reference.Doubles).ToList();
            // Beside a longer one where the context has room.
            Assert.InRange(Paths.Worst(expected.Take(13), Paths.Tensors(model, tokens[..13])), 0, 1e-5);
            Assert.InRange(Paths.Worst(expected, Paths.Packed(packed, tokens, chunk: 4)), 0, 1e-5);
        }

        using var batch = new TokenBatch(sequences);
        using var noGradients = no_grad();
        using var all = model.Logits(model.Hidden(batch.Ids)); // [B, S, V]
        var flat = reference.GetProperty("logits").EnumerateArray().SelectMany(rows => rows.EnumerateArray()).SelectMany(Reference.Doubles);
        Assert.InRange(Paths.Worst([flat], [all.data<float>().ToArray()]), 0, 1e-5);
    }

    [Theory]
    [InlineData("models/stories260K/hf")]
    [InlineData("models/stories260K/hf-sharded")]
    public void Stories_logits_and_logprobs_equal_the_reference_within_1e_4(string folder)
    {
        using var model = CausalLanguageModel.Load(Fixtures.Path(folder));
        var greedy = Reference.Json("models/stories260K/reference.dev.json").GetProperty("greedy_from_bos");
        var ids = Reference.Integers(greedy.GetProperty("output_ids"));
        using var tokens = new TokenBatch([ids]);
        using var noGradients = no_grad();
        using var logits = model.Logits(model.Hidden(tokens.Ids))[0]; // [S, V]
        using var logprobs = nn.functional.log_softmax(logits, -1);
        var worst = 0.0;
        var compared = 0;
        foreach (var (step, position) in greedy.GetProperty("steps").EnumerateArray().Select((s, i) => (s, i)))
        {
            var token = step.GetProperty("token").GetInt32();
            worst = Math.Max(worst, Math.Abs(step.GetProperty("logprob").GetDouble() - logprobs[position, token].item<float>()));
            foreach (var top in step.GetProperty("top5").EnumerateArray())
            {
                worst = Math.Max(worst, Math.Abs(top[1].GetDouble() - logits[position, top[0].GetInt32()].item<float>()));
                compared++;
            }
        }

        Assert.Equal(5 * 255, compared);
        Assert.True(worst < 1e-4, $"worst difference {worst}");
    }

    [Fact]
    public void Padding_on_the_right_changes_nothing()
    {
        using var model = Reference.Tiny();
        using var noGradients = no_grad();
        using var alone = new TokenBatch([[5, 6, 7]]);
        using var padded = new TokenBatch([[5, 6, 7], [9, 8, 7, 6, 5, 4, 3]]);
        using var expected = alone.LastOf(model.Hidden(alone.Ids));
        using var actual = padded.LastOf(model.Hidden(padded.Ids));
        Assert.True((expected[0] - actual[0]).abs().max().item<float>() < 1e-5);
    }

    [Fact]
    public void A_sequence_over_the_context_length_is_refused()
    {
        using var model = Reference.Tiny();
        using var tokens = new TokenBatch([new int[33]]);
        Assert.Contains("up to 32", Assert.Throws<ArgumentException>(() => model.Hidden(tokens.Ids)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_forward_pass_leaves_only_its_result_behind()
    {
        using var model = Reference.Tiny();
        using var tokens = new TokenBatch([[1, 2, 3]]);
        using var outer = NewDisposeScope();
        using var noGradients = no_grad();
        model.Hidden(tokens.Ids);
        Assert.Equal(1, outer.DisposablesCount);
    }
}
