using Rlhf.LanguageModels.Decoding;
using Rlhf.LanguageModels.Sampling;
using Rlhf.LanguageModels.Sampling.Batching;
using Rlhf.Testing;
using Rlhf.Tokenization;

namespace Rlhf.LanguageModels.Tests;

public sealed class RunningBatchTests : IDisposable
{
    private readonly TextTokenizer _tokenizer = TextTokenizer.Load(Fixtures.Path(Reference.Stories));
    private readonly DecodingModel _model;

    public RunningBatchTests()
    {
        using var model = CausalLanguageModel.Load(Fixtures.Path(Reference.Stories));
        _model = DecodingModel.Pack(model, threads: 2);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(400)]
    [InlineData(96)]
    public void A_response_that_joins_later_equals_the_one_alone_at_any_memory(int tokens)
    {
        var requests = Requests(60);
        var alone = requests.ConvertAll(request => new ContinuousSampler(_model, _tokenizer).Sample([request], CancellationToken.None)[0]);
        using var batch = NewBatch(tokens);
        var sampled = new SampledSequence?[requests.Count];
        var scores = new float[]?[requests.Count];
        foreach (var (index, request) in requests.Index())
        {
            // One joins at each step, with a score of what another one drew beside it.
            batch.Add(request, listener: null, response => sampled[index] = response, CancellationToken.None);
            batch.Add(new ScoringRequest(request.PromptTokens, alone[index].TokenIds), request.Settings.Temperature, logprobs => scores[index] = logprobs, CancellationToken.None);
            batch.Step();
        }

        RunToEnd(batch);
        foreach (var (index, expected) in alone.Index())
        {
            Assert.Equal(expected.TokenIds, sampled[index]?.TokenIds);
            Assert.Equal(expected.Logprobs, sampled[index]?.Logprobs);
            Assert.Equal(expected.Logprobs.Length, scores[index]?.Length);
            Assert.All(expected.Logprobs.Zip(scores[index] ?? []), p => Assert.Equal(p.First, p.Second, 1e-5));
        }
    }

    [Fact]
    public void What_can_never_fit_is_refused_and_the_rest_goes_on()
    {
        using var batch = NewBatch(64);
        SampledSequence? sampled = null;
        batch.Add(new([1], new() { MaxNewTokens = 30 }), listener: null, response => sampled = response, CancellationToken.None);
        var error = Assert.Throws<RequestTooLargeException>(
            () => batch.Add(new([1], new() { MaxNewTokens = 200 }), listener: null, _ => { }, CancellationToken.None));
        Assert.Contains("64 tokens", error.Message, StringComparison.Ordinal);
        Assert.Throws<RequestTooLargeException>(
            () => batch.Add(new ScoringRequest([1], [.. Enumerable.Repeat(410, 100)]), 1, _ => { }, CancellationToken.None));
        RunToEnd(batch);
        Assert.Equal(30, sampled?.TokenIds.Length);
    }

    [Fact]
    public void A_prompt_runs_once_for_all_who_ask_before_it_is_computed()
    {
        using var batch = NewBatch(100_000);
        int[] prompt = [1, .. Enumerable.Range(300, 49)];
        for (var i = 0; i < 8; i++)
        {
            batch.Add(new([.. prompt], new() { MaxNewTokens = 3, Seed = (ulong)i }), listener: null, _ => { }, CancellationToken.None);
        }

        Assert.Equal(new StepCounts(Rows: 50, Drawn: 8), batch.Step());
        Assert.Equal(new StepCounts(Rows: 8, Drawn: 8), batch.Step());
    }

    [Fact]
    public void A_cancelled_response_leaves_at_the_next_step_and_frees_its_memory()
    {
        using var batch = NewBatch(128);
        using var caller = new CancellationTokenSource();
        var order = new List<string>();
        batch.Add(new([1, 403], new() { MaxNewTokens = 90 }), listener: null, _ => order.Add("cancelled"), caller.Token);
        batch.Add(new([1, 404], new() { MaxNewTokens = 80, Temperature = 0 }), listener: null, _ => order.Add("second"), CancellationToken.None);
        for (var step = 0; step < 3; step++)
        {
            // No room for both.
            Assert.Equal(1, batch.Step().Drawn);
        }

        caller.Cancel();
        Assert.Equal(new StepCounts(Rows: 2, Drawn: 1), batch.Step());
        RunToEnd(batch);
        Assert.Equal(["second"], order);
    }

    [Fact]
    public void Scores_come_while_long_responses_run_and_prompts_wait()
    {
        using var batch = NewBatch(100_000);
        for (var i = 0; i < 400; i++)
        {
            batch.Add(new([1, .. Enumerable.Range(260 + (i % 100), 100)], new() { MaxNewTokens = 60, Seed = (ulong)i }), listener: null, _ => { }, CancellationToken.None);
        }

        batch.Step();
        var scored = 0;
        for (var i = 0; i < 10; i++)
        {
            batch.Add(new ScoringRequest([1, 300 + i, .. Enumerable.Range(260, 30)], [410, 411]), 1, _ => scored++, CancellationToken.None);
        }

        // 10 prompts of 32 tokens and 10 second tokens, of which every step takes at least 48: half of what responses leave.
        var steps = 0;
        for (; scored < 10; steps++)
        {
            batch.Step();
        }

        Assert.InRange(steps, 1, (330 / 48) + 1);
    }

    [Fact]
    public void A_listener_hears_the_text_of_the_response_without_its_stop_text()
    {
        using var batch = NewBatch(100_000);
        var heard = new List<DrawnToken>();
        SampledSequence? sampled = null;
        batch.Add(
            new([1], new() { Temperature = 0, MaxNewTokens = 100, Stop = ["girl nobody", "girl named"] }),
            new TokenListener(Alternatives: 3, heard.Add),
            response => sampled = response,
            CancellationToken.None);
        RunToEnd(batch);
        Assert.Equal("Once upon a time, there was a little", string.Concat(heard.Select(token => token.Text)).Trim());
        Assert.Equal(sampled?.TokenIds, heard.Select(token => token.Token));
        Assert.Equal(sampled?.Logprobs, heard.Select(token => token.Logprob));
        Assert.Equal(FinishKind.Stop, heard[^1].Finish);
        Assert.All(heard.SkipLast(1), token => Assert.Null(token.Finish));
        Assert.All(heard, token =>
        {
            Assert.Equal(3, token.Alternatives.Count);
            Assert.Equal(token.Token, token.Alternatives[0].Token); // greedy
            Assert.Equal(token.Logprob, token.Alternatives[0].Logprob, 1e-6);
            Assert.True(token.Alternatives[1].Logprob >= token.Alternatives[2].Logprob);
        });
    }

    [Fact]
    public void Heard_parts_make_up_the_text_whatever_the_tokens()
    {
        // Hot sampling gives bytes of broken characters and all kinds of spaces.
        using var batch = NewBatch(100_000);
        var failures = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var heard = new System.Text.StringBuilder();
            batch.Add(
                new([1, 403], new() { Temperature = 20, MaxNewTokens = 40, Seed = (ulong)i, Stop = i % 2 == 0 ? [] : ["never said"] }),
                new TokenListener(Alternatives: 0, token => heard.Append(token.Text)),
                response =>
                {
                    var whole = _tokenizer.Decode(response.TokenIds).Trim();
                    if (whole != heard.ToString().Trim() || whole != response.Text)
                    {
                        failures.Add($"{whole} / {heard}");
                    }
                },
                CancellationToken.None);
        }

        RunToEnd(batch);
        Assert.Empty(failures);
    }

    [Fact]
    public void A_stop_token_ends_the_response_and_is_not_part_of_its_text()
    {
        var greedy = new ContinuousSampler(_model, _tokenizer).Sample([new([1], new() { Temperature = 0, MaxNewTokens = 20 })], CancellationToken.None)[0];
        var stop = greedy.TokenIds[6];
        var expected = greedy.TokenIds.TakeWhile(token => token != stop).ToList();
        var sampled = new ContinuousSampler(_model, _tokenizer).Sample(
            [new([1], new() { Temperature = 0, MaxNewTokens = 20, StopTokens = [stop] })], CancellationToken.None)[0];
        Assert.Equal([.. expected, stop], sampled.TokenIds);
        Assert.Equal(_tokenizer.Decode(expected).Trim(), sampled.Text);
        Assert.Equal(FinishKind.Stop, sampled.Finish);
    }

    [Fact]
    public void A_token_that_the_model_does_not_have_is_refused()
    {
        using var batch = NewBatch(100_000);
        Assert.Throws<ArgumentException>(() => batch.Add(new([1, 512], new() { MaxNewTokens = 1 }), listener: null, _ => { }, CancellationToken.None));
        Assert.Throws<ArgumentException>(() => batch.Add(new ScoringRequest([1], [-1]), 1, _ => { }, CancellationToken.None));
        Assert.True(batch.IsIdle);
    }

    [Fact]
    public void Clearing_frees_all_memory()
    {
        using var batch = NewBatch(160);
        for (var round = 0; round < 5; round++)
        {
            var finished = 0;
            batch.Add(new([1, 403, 404], new() { MaxNewTokens = 100 }), listener: null, _ => finished++, CancellationToken.None);
            batch.Add(new([1, 403, 404], new() { MaxNewTokens = 100 }), listener: null, _ => finished++, CancellationToken.None);
            batch.Add(new ScoringRequest([1, 405], [3, 4, 5]), 1, _ => finished++, CancellationToken.None);
            batch.Step();
            batch.Step();
            batch.Clear();
            Assert.True(batch.IsIdle);
        }

        var response = 0;
        batch.Add(new([1, 403, 404], new() { MaxNewTokens = 120 }), listener: null, sampled => response = sampled.TokenIds.Length, CancellationToken.None);
        RunToEnd(batch);
        Assert.Equal(120, response);
    }

    public void Dispose() => _model.Dispose();

    private RunningBatch NewBatch(int tokens) => new(_model, _tokenizer, RunningBatch.KeyValueBytes(_model, tokens));

    private static List<SampleRequest> Requests(int count) => [.. Enumerable.Range(0, count).Select(i => new SampleRequest(
        [1, .. Enumerable.Repeat(403 + (i % 5), i % 7 == 0 ? 40 : 1 + (i % 3))],
        new() { MaxNewTokens = 1 + (i % 23), Seed = (ulong)i, TopP = i % 4 == 0 ? 0.8 : 1, Temperature = i % 6 == 0 ? 0.7 : 1 }))];

    private static void RunToEnd(RunningBatch batch)
    {
        for (var step = 0; !batch.IsIdle; step++)
        {
            Assert.True(step < 20_000, "The batch does not come to its end.");
            batch.Step();
        }
    }
}
