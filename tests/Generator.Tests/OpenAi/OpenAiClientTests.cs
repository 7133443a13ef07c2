using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;
using Rlhf.V1;
using ChatMessage = OpenAI.Chat.ChatMessage;

namespace Rlhf.Generator.Tests.OpenAi;

/// <summary>OpenAI's own .NET client, as it comes.</summary>
public sealed class OpenAiClientTests(GeneratorFixture generator)
{
    private static readonly ChatMessage[] _messages = [new UserChatMessage("How do I bake bread?")];

    private readonly OpenAIClient _client = new(
        new ApiKeyCredential("none needed"), new OpenAIClientOptions { Endpoint = new Uri(generator.Address, "v1") });

    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Published_policies_and_adapters_are_models()
    {
        var models = (await _client.GetOpenAIModelClient().GetModelsAsync(_cancellation)).Value;
        Assert.Equal(["base", PublishedVersions.Policy, PublishedVersions.Adapter], models.Select(model => model.Id));
        Assert.Equal(PublishedVersions.CreatedUnixMs, models[1].CreatedAt.ToUnixTimeMilliseconds());
        var one = (await _client.GetOpenAIModelClient().GetModelAsync(PublishedVersions.Adapter, _cancellation)).Value;
        Assert.Equal(PublishedVersions.Adapter, one.Id);
    }

    [Theory]
    [InlineData("base")]
    [InlineData(PublishedVersions.Policy)]
    [InlineData(PublishedVersions.Adapter)]
    public async Task A_chat_gives_the_sample_of_the_same_seed(string model)
    {
        var request = GenerationServiceTests.Request("How do I bake bread?");
        (request.PolicyVersion, request.Sampling.MaxNewTokens) = (model, 30);
        var sample = (await generator.Client.GenerateBatchAsync(new GenerateBatchRequest { Requests = { request } }, cancellationToken: _cancellation)).Results[0];
        var completion = (await _client.GetChatClient(model).CompleteChatAsync(_messages, Options(30), _cancellation)).Value;
        Assert.Equal(sample.Samples[0].Text, completion.Content[0].Text);
        Assert.Equal(sample.PromptTokenIds.Count, completion.Usage.InputTokenCount);
        Assert.Equal(sample.Samples[0].TokenIds.Count, completion.Usage.OutputTokenCount);
        Assert.Equal(
            sample.Samples[0].FinishReason == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop, completion.FinishReason);
        Assert.Equal(model, completion.Model);
    }

    [Fact]
    public async Task The_adapter_answers_differently_from_the_base()
    {
        var options = Options(30);
        options.Temperature = 0;
        var texts = new List<string>();
        foreach (var model in (string[])["base", PublishedVersions.Policy, PublishedVersions.Adapter])
        {
            texts.Add((await _client.GetChatClient(model).CompleteChatAsync(_messages, options, _cancellation)).Value.Content[0].Text);
        }

        Assert.Equal(texts[0], texts[1]);
        Assert.NotEqual(texts[0], texts[2]);
    }

    [Fact]
    public async Task A_stream_gives_the_text_of_the_whole_answer_and_its_usage()
    {
        var whole = (await _client.GetChatClient("base").CompleteChatAsync(_messages, Options(60), _cancellation)).Value;
        var text = new StringBuilder();
        var updates = 0;
        ChatTokenUsage? usage = null;
        ChatFinishReason? finish = null;
        await foreach (var update in _client.GetChatClient("base").CompleteChatStreamingAsync(_messages, Options(60), _cancellation))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            updates += update.ContentUpdate.Count > 0 ? 1 : 0;
            (usage, finish) = (update.Usage ?? usage, update.FinishReason ?? finish);
        }

        Assert.Equal(whole.Content[0].Text, text.ToString());
        Assert.Equal(whole.FinishReason, finish);
        Assert.Equal(whole.Usage.OutputTokenCount, usage?.OutputTokenCount);
        Assert.True(updates > 3, $"{updates} updates");
    }

    [Fact]
    public async Task Logprobs_are_those_of_the_sample()
    {
        var request = GenerationServiceTests.Request("How do I bake bread?");
        var sample = (await generator.Client.GenerateBatchAsync(
            new GenerateBatchRequest { Requests = { request } }, cancellationToken: _cancellation)).Results[0].Samples[0];
        var options = Options(request.Sampling.MaxNewTokens);
        (options.IncludeLogProbabilities, options.TopLogProbabilityCount) = (true, 4);
        var completion = (await _client.GetChatClient("base").CompleteChatAsync(_messages, options, _cancellation)).Value;
        var logprobs = completion.ContentTokenLogProbabilities;
        var isEnded = sample.FinishReason == FinishReason.EndOfSequence;
        Assert.Equal(sample.Logprobs.SkipLast(isEnded ? 1 : 0), logprobs.Select(token => token.LogProbability));
        Assert.Equal(completion.Content[0].Text, string.Concat(logprobs.Select(token => token.Token)).Trim());
        Assert.All(logprobs, token =>
        {
            Assert.Equal(4, token.TopLogProbabilities.Count);
            Assert.Equal(token.TopLogProbabilities.OrderByDescending(top => top.LogProbability).Select(top => top.Token), token.TopLogProbabilities.Select(top => top.Token));
            Assert.Equal(token.Token, Encoding.UTF8.GetString((token.Utf8Bytes ?? default).Span));
        });
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer()
    {
        var options = Options(60);
        options.Temperature = 0;
        var whole = (await _client.GetChatClient("base").CompleteChatAsync(_messages, options, _cancellation)).Value.Content[0].Text;
        var stop = whole[(whole.Length / 2)..];
        options.StopSequences.Add(stop);
        var stopped = (await _client.GetChatClient("base").CompleteChatAsync(_messages, options, _cancellation)).Value;
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)].Trim(), stopped.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, stopped.FinishReason);
    }

    [Fact]
    public async Task An_unknown_model_and_a_long_prompt_are_errors_that_the_client_reads()
    {
        var unknown = await Assert.ThrowsAsync<ClientResultException>(
            async () => await _client.GetChatClient("tests/none").CompleteChatAsync(_messages, Options(5), _cancellation));
        Assert.Equal(404, unknown.Status);
        Assert.Contains("model_not_found", unknown.Message, StringComparison.Ordinal);
        var tooLong = await Assert.ThrowsAsync<ClientResultException>(async () => await _client.GetChatClient("base").CompleteChatAsync(
            [new UserChatMessage(string.Join(' ', Enumerable.Repeat("word", 5000)))], Options(5), _cancellation));
        Assert.Equal(400, tooLong.Status);
        Assert.Contains("context_length_exceeded", tooLong.Message, StringComparison.Ordinal);
    }

    // As GenerationServiceTests.Request asks.
    private static ChatCompletionOptions Options(int maxTokens) => new() { MaxOutputTokenCount = maxTokens, Seed = 11 };
}
