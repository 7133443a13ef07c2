using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.Tensors;
using Rlhf.Testing;
using Rlhf.Tokenization;
using TorchSharp;

namespace Rlhf.LanguageModels.Tests;

public sealed class SamplingTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Greedy_text_equals_the_published_text(bool isPacked)
    {
        var expected = File.ReadAllText(Fixtures.Path("models/stories260K/expected_stdout_n200.txt"));
        var (model, sampler) = Load(isPacked);
        var prompt = TextTokenizer.Load(Fixtures.Path(Reference.Stories)).Encode("");
        var sampled = sampler.Sample([new(prompt, new() { Temperature = 0, MaxNewTokens = 200 })], CancellationToken.None)[0];
        model.Dispose();
        // The published program prints 199 tokens after BOS.
        Assert.StartsWith(expected.Trim(), sampled.Text, StringComparison.Ordinal);
        Assert.Equal(FinishKind.Length, sampled.Finish);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_response_is_the_same_alone_and_in_a_batch_of_uneven_prompts(bool isPacked)
    {
        var (model, sampler) = Load(isPacked);
        List<SampleRequest> requests = [.. Enumerable.Range(0, 9).Select(i => new SampleRequest(
            [1, .. Enumerable.Range(403, 1 + (i % 4))], new() { Temperature = 1, TopP = i % 2 == 0 ? 1 : 0.9, MaxNewTokens = 5 + (3 * i), Seed = (ulong)i }))];
        var together = sampler.Sample(requests, CancellationToken.None);
        foreach (var (request, batched) in requests.Zip(together))
        {
            var alone = sampler.Sample([request], CancellationToken.None)[0];
            Assert.Equal(alone.TokenIds, batched.TokenIds);
            Assert.All(alone.Logprobs.Zip(batched.Logprobs), p => Assert.Equal(p.First, p.Second, 1e-4));
        }

        model.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Recorded_logprobs_equal_those_of_scoring_the_same_tokens(bool isPacked)
    {
        var (model, sampler) = Load(isPacked);
        var request = new SampleRequest([1, 403, 407], new() { Temperature = 0.7, MaxNewTokens = 40, Seed = 5 });
        var sampled = sampler.Sample([request], CancellationToken.None)[0];
        var scored = Scored(request.PromptTokens, sampled.TokenIds, 0.7);
        model.Dispose();
        Assert.Equal(sampled.TokenIds.Length, scored.Length);
        Assert.All(sampled.Logprobs.Zip(scored), p => Assert.Equal(p.First, p.Second, 1e-4));
    }

    [Fact]
    public void Scores_are_those_of_whole_sequences_on_both_paths_whatever_is_shared()
    {
        using var model = CausalLanguageModel.Load(Fixtures.Path(Reference.Stories));
        using var packed = DecodingModel.Pack(model, threads: 2);
        using var tensors = new TensorDecodingModel(model, threads: 2);
        // Continuations of a shared prompt, of one token, longer than a step, and up to the end of the context; 70 prompts more.
        int[] shared = [1, 403, 407];
        List<ScoringRequest> requests =
        [
            new(shared, [410]), new(shared, [410, 411, 412]), new(shared, [409, 411]), new([1], [.. Words(300)]), new([1, .. Words(506)], [7, 8, 9, 10, 11]),
            .. Enumerable.Range(0, 70).Select(i => new ScoringRequest([1, 300 + i], [410, 403 + i])), new(shared, [412, 413]),
        ];
        var expected = requests.ConvertAll(request => Scored(request.PromptTokens, request.ContinuationTokens, 0.8));
        foreach (var decoding in (DecodingModel[])[packed, tensors])
        {
            var scores = new ContinuousSampler(decoding, TextTokenizer.Load(Fixtures.Path(Reference.Stories))).Logprobs(requests, 0.8);
            Assert.Equal(expected.Count, scores.Count);
            Assert.All(expected.Zip(scores), pair =>
            {
                Assert.Equal(pair.First.Length, pair.Second.Length);
                Assert.All(pair.First.Zip(pair.Second), p => Assert.Equal(p.First, p.Second, 1e-4));
            });
        }

        static IEnumerable<int> Words(int count) => Enumerable.Range(0, count).Select(i => 260 + (i * 37 % 250));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Frequencies_of_first_tokens_follow_the_distribution(bool isPacked)
    {
        var (model, sampler) = Load(isPacked);
        var requests = Enumerable.Range(0, 4000)
            .Select(i => new SampleRequest([1, 410], new() { MaxNewTokens = 1, Seed = (ulong)i * 7919 })).ToList();
        var counts = sampler.Sample(requests, CancellationToken.None).GroupBy(s => s.TokenIds[0]).ToDictionary(g => g.Key, g => g.Count());
        var frequent = counts.Where(c => c.Value >= 100).ToList();
        var expected = frequent.ConvertAll(f => Scored([1, 410], [f.Key], 1)[0]);
        model.Dispose();
        Assert.True(frequent.Count >= 3);
        foreach (var ((_, count), logprob) in frequent.Zip(expected))
        {
            var p = Math.Exp(logprob);
            Assert.True(Math.Abs((count / 4000.0) - p) < 4.5 * Math.Sqrt(p * (1 - p) / 4000), $"{count} of 4000 at probability {p}");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stop_text_ends_the_response_and_is_not_part_of_it(bool isPacked)
    {
        var (model, sampler) = Load(isPacked);
        var sampled = sampler.Sample([new([1], new() { Temperature = 0, MaxNewTokens = 100, Stop = ["girl named"] })], CancellationToken.None)[0];
        model.Dispose();
        Assert.Equal("Once upon a time, there was a little", sampled.Text);
        Assert.Equal(FinishKind.Stop, sampled.Finish);
    }

    [Theory]
    [InlineData(double.NaN, 1, "temperature")]
    [InlineData(1, 0, "top_p")]
    public void A_setting_out_of_range_is_refused(double temperature, double topP, string said)
    {
        var error = Assert.Throws<ArgumentException>(() => new SamplingSettings { MaxNewTokens = 1, Temperature = temperature, TopP = topP }.Validate());
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sampling_leaves_no_tensor_behind()
    {
        var (model, sampler) = Load(isPacked: false);
        using var outer = torch.NewDisposeScope();
        sampler.Sample([new([1], new() { MaxNewTokens = 3 }), new([1, 410], new() { MaxNewTokens = 9, TopP = 0.5 })], CancellationToken.None);
        Assert.Equal(0, outer.DisposablesCount);
        model.Dispose();
    }

    [Fact]
    public void Many_responses_to_many_prompts_come_back_in_order()
    {
        // More than run at a time, and prompts longer than a step has rows.
        var (model, sampler) = Load(isPacked: true);
        List<SampleRequest> requests = [.. Enumerable.Range(0, 230).Select(i => new SampleRequest(
            [1, .. Enumerable.Repeat(410 + (i % 7), i % 5 == 0 ? 300 : 3)], new() { MaxNewTokens = 1 + (i % 4), Seed = (ulong)i }))];
        var together = sampler.Sample(requests, CancellationToken.None);
        Assert.Equal(requests.Select(request => request.Settings.MaxNewTokens), together.Select(sampled => sampled.TokenIds.Length));
        foreach (var i in (int[])[0, 5, 6, 229])
        {
            var alone = sampler.Sample([requests[i]], CancellationToken.None)[0];
            Assert.Equal(alone.TokenIds, together[i].TokenIds);
            Assert.Equal(alone.Logprobs, together[i].Logprobs);
        }

        model.Dispose();
    }

    [Fact]
    public void Cancelling_ends_the_sampling()
    {
        var (model, sampler) = Load(isPacked: true);
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => sampler.Sample([new([1], new() { MaxNewTokens = 400 })], source.Token));
        model.Dispose();
    }

    // From whole sequences, one at a time.
    private static float[] Scored(int[] prompt, int[] continuation, double temperature)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        using var model = CausalLanguageModel.Load(Fixtures.Path(Reference.Stories));
        using var tokens = new TokenBatch([[.. prompt, .. continuation]]);
        var logprobs = torch.nn.functional.log_softmax(model.Logits(model.Hidden(tokens.Ids)).DividedBy(temperature), -1)[0]; // [S, V]
        return [.. continuation.Select((token, i) => logprobs[prompt.Length - 1 + i, token].item<float>())];
    }

    private static (IDisposable Model, ContinuousSampler Sampler) Load(bool isPacked)
    {
        var folder = Fixtures.Path(Reference.Stories);
        var tokenizer = TextTokenizer.Load(folder);
        var model = CausalLanguageModel.Load(folder);
        if (!isPacked)
        {
            model.Dispose();
            var tensors = TensorDecodingModel.Load(folder, null, WeightFormat.Full, torch.CPU, threads: 2);
            return (tensors, new ContinuousSampler(tensors, tokenizer));
        }

        var packed = DecodingModel.Pack(model, threads: 2);
        model.Dispose();
        return (packed, new ContinuousSampler(packed, tokenizer));
    }
}
