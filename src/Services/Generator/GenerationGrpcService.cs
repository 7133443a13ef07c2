using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Rlhf.Generator.Engine;
using Rlhf.Generator.Requests;
using Rlhf.LanguageModels.Sampling;
using Rlhf.ServiceDefaults;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Generator;

/// <summary>The gRPC door.</summary>
internal sealed class GenerationGrpcService(
    PromptSampler sampler, PromptEncoder encoder, WaitingRoom room, GenerationEngine engine, LoadedVersions versions, TextTokenizer tokenizer,
    GeneratorOptions options, ModelOptions model) : GenerationService.GenerationServiceBase
{
    /// <inheritdoc/>
    public override async Task Generate(GenerateRequest request, IServerStreamWriter<GenerateChunk> responseStream, ServerCallContext context)
    {
        using var places = Enter(1);
        try
        {
            var prepared = await sampler.PrepareAsync(request.Prompt, request.PolicyVersion, request.Sampling, request.Samples, context.CancellationToken);
            var texts = prepared.Requests.Select(_ => new TrimmedText()).ToList();
            await foreach (var (index, token) in sampler.StreamAsync(prepared.Version, prepared.Requests, alternatives: 0, context.CancellationToken))
            {
                await responseStream.WriteAsync(SampleMessages.Chunk(index, token, texts[index].Append(token.Text)), context.CancellationToken);
            }
        }
        catch (ItemException exception)
        {
            throw ToCallException(exception);
        }
    }

    /// <inheritdoc/>
    public override async Task<GenerateBatchResponse> GenerateBatch(GenerateBatchRequest request, ServerCallContext context)
    {
        RequireCount(request.Requests.Count, "requests");
        using var places = Enter(request.Requests.Count);
        var results = await Task.WhenAll(request.Requests.Select(r => GenerateAsync(r, context.CancellationToken)));
        return new GenerateBatchResponse { Results = { results } };
    }

    /// <inheritdoc/>
    public override async Task<ScoreTokensResponse> ScoreTokens(ScoreTokensRequest request, ServerCallContext context)
    {
        RequireCount(request.Items.Count, "items");
        var temperature = request.HasTemperature ? request.Temperature : 1;
        if (!(temperature is > 0 and <= 100))
        {
            throw new ArgumentException($"temperature is {temperature}; it must be above 0 and at most 100.", "temperature");
        }

        using var places = Enter(request.Items.Count);
        VersionFiles version;
        try
        {
            version = await sampler.ResolveAsync(request.PolicyVersion, context.CancellationToken);
        }
        catch (ItemException exception)
        {
            throw ToCallException(exception);
        }

        var results = await Task.WhenAll(request.Items.Select(i => ScoreAsync(i, version, temperature, context.CancellationToken)));
        return new ScoreTokensResponse { Results = { results } };
    }

    /// <inheritdoc/>
    public override Task<GenerationInfoResponse> Info(GenerationInfoRequest request, ServerCallContext context) =>
        Task.FromResult(new GenerationInfoResponse
        {
            TokenizerHash = tokenizer.Hash,
            VocabularySize = versions.Config.VocabularySize,
            ContextLength = versions.Config.ContextLength,
            Parameters = versions.ParameterCount,
            LoadedVersions = { versions.Ids },
            ModelName = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Path)),
        });

    private async Task<GenerateResult> GenerateAsync(GenerateRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var sampled = await sampler.SampleAsync(request.Prompt, request.PolicyVersion, request.Sampling, request.Samples, cancellationToken);
            return new GenerateResult
            {
                Samples = { SampleMessages.From(sampled.Samples) },
                PromptTokenIds = { sampled.PromptTokens },
                PolicyVersion = sampled.VersionId,
            };
        }
        catch (ItemException exception)
        {
            return new GenerateResult { Error = exception.Error };
        }
    }

    private async Task<ScoreTokensResult> ScoreAsync(
        ScoreTokensItem item, VersionFiles version, double temperature, CancellationToken cancellationToken)
    {
        try
        {
            var prompt = encoder.Prompt(item.Prompt);
            var continuation = encoder.Continuation(item, prompt.Length);
            var logprobs = await engine.ScoreAsync(version, new ScoringRequest(prompt, continuation), temperature, cancellationToken);
            return logprobs.All(float.IsFinite)
                ? new ScoreTokensResult { TokenIds = { continuation }, Logprobs = { logprobs } }
                : throw new ItemException(ErrorCode.NotFinite, $"Version \"{version.VersionId}\" gave a log-probability that is not a finite number.");
        }
        catch (ItemException exception)
        {
            return new ScoreTokensResult { Error = exception.Error };
        }
        catch (RequestTooLargeException exception)
        {
            return new ScoreTokensResult { Error = new ItemError { Code = ErrorCode.TooLong, Message = exception.Message } };
        }
    }

    // Where the whole call is about one item.
    private static Exception ToCallException(ItemException exception) => exception.Error.Code switch
    {
        ErrorCode.UnknownVersion => new KeyNotFoundException(exception.Message, exception),
        ErrorCode.NotFinite => new RpcException(new Grpc.Core.Status(StatusCode.Internal, exception.Message)),
        _ => new ArgumentException(exception.Message, exception),
    };

    private IDisposable Enter(int requests)
    {
        try
        {
            return room.Enter(requests);
        }
        catch (OverCapacityException exception)
        {
            throw new Google.Rpc.Status
            {
                Code = (int)Code.ResourceExhausted,
                Message = exception.Message,
                Details = { Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(OverCapacityException.RetryAfter) }) },
            }.ToRpcException();
        }
    }

    private void RequireCount(int count, string field)
    {
        if (count < 1 || count > options.MaxItemsPerCall)
        {
            throw new ArgumentException($"{field} has {count} items; 1 to {options.MaxItemsPerCall} are taken in one call.", field);
        }
    }
}
