using Rlhf.V1;

namespace Rlhf.Generator.Tests;

public sealed class WeightFormatTests(GeneratorFixture generator)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_bfloat16_weights_log_probabilities_are_close_to_float32s_and_others()
    {
        await using var host = await generator.StartAnotherAsync(new Dictionary<string, string?> { ["Generator:Weights"] = "bfloat16" });
        var request = new ScoreTokensRequest
        {
            Items = { new ScoreTokensItem { Prompt = new Prompt { Text = "\n\nHuman: How do I bake bread?\n\nAssistant:" }, Text = "You mix flour and water." } },
        };
        var full = (await generator.Client.ScoreTokensAsync(request, cancellationToken: _cancellation)).Results[0].Logprobs;
        var half = (await host.Client.ScoreTokensAsync(request, cancellationToken: _cancellation)).Results[0].Logprobs;
        var differences = full.Zip(half, (a, b) => Math.Abs(a - b)).ToList();
        Assert.InRange(differences.Max(), 1e-5, 0.3);
        Assert.InRange(differences.Average(), 1e-6, 0.05);
    }

    [Theory]
    [InlineData("int4")]
    [InlineData("7")]
    public async Task An_unknown_format_stops_the_start(string format)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => generator.StartAnotherAsync(new Dictionary<string, string?> { ["Generator:Weights"] = format }));
        Assert.Contains("Weights", error.ToString(), StringComparison.Ordinal);
    }
}
