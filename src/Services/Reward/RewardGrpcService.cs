using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Rlhf.Reward.Engine;
using Rlhf.Reward.Models;
using Rlhf.Reward.Scoring;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Reward;

/// <summary>The gRPC door.</summary>
internal sealed class RewardGrpcService(RewardModelRegistry registry, Scorer scorer, RecentAnswers recentAnswers, BaseModel baseModel, RewardOptions options,
    ConfiguredModels configured)
    : RewardService.RewardServiceBase
{
    public override Task<ScoreBatchResponse> ScoreBatch(ScoreBatchRequest request, ServerCallContext context)
    {
        RequireCount(request.Items);
        return recentAnswers.OnceAsync(request, () => ScoreAsync(request, context.CancellationToken), context.CancellationToken);
    }

    public override async Task ScoreStream(
        IAsyncStreamReader<ScoreStreamRequest> requestStream, IServerStreamWriter<ScoreStreamResponse> responseStream, ServerCallContext context)
    {
        using var call = new ScoreStreamCall(registry, scorer, options.MaxItemsInFlightPerStream);
        await call.RunAsync(requestStream, responseStream, context.CancellationToken);
    }

    public override async Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context)
    {
        RequireCount(request.Items);
        var tokenizer = baseModel.Tokenizer;
        if (registry.LatestVersion is { } latest)
        {
            using var lease = await registry.AcquireAsync(latest, context.CancellationToken);
            tokenizer = lease.Model.Tokenizer;
        }
        return new TokenizeResponse
        {
            Results =
            {
                request.Items.Select(item =>
                {
                    try
                    {
                        return new TokenizeResult
                        {
                            Tokens = new TokenSequence { TokenIds = { ItemTokens.Of(item, tokenizer) }, TokenizerHash = tokenizer.Hash },
                        };
                    }
                    catch (ItemException exception)
                    {
                        return new TokenizeResult { Error = exception.Error };
                    }
                }),
            },
        };
    }

    public override async Task<RewardInfoResponse> Info(RewardInfoRequest request, ServerCallContext context)
    {
        var info = new RewardInfoResponse
        {
            TokenizerHash = baseModel.Tokenizer.Hash,
            ContextLength = baseModel.ContextLength,
            MaxItemsPerRequest = options.MaxItemsPerRequest,
            MaxMessageBytes = GrpcLimits.MaxMessageBytes,
        };
        if (registry.LatestVersion is { } latest)
        {
            using var lease = await registry.AcquireAsync(latest, context.CancellationToken);
            info.LatestVersion = latest;
            info.TokenizerHash = lease.Model.Tokenizer.Hash;
            info.ContextLength = lease.Model.ContextLength;
        }
        return info;
    }

    public override async Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var versions = await registry.RefreshAsync(context.CancellationToken);
        var latest = registry.LatestVersion;
        return new ListModelsResponse
        {
            Models =
            {
                versions.Concat(configured.Versions).Select(version => new RewardModelDescription
                {
                    Version = version,
                    Loaded = registry.IsLoaded(version.VersionId),
                    Aliases = { version.VersionId == latest ? [RewardModelRegistry.LatestAlias] : Array.Empty<string>() },
                }),
            },
        };
    }

    private async Task<ScoreBatchResponse> ScoreAsync(ScoreBatchRequest request, CancellationToken cancellationToken)
    {
        using var lease = await registry.AcquireAsync(request.ModelVersion, cancellationToken);
        var policy = new ScoringPolicy(request.Truncation, request.Cache, request.IncludeMembers);
        try
        {
            var results = await scorer.ScoreAsync(lease.Model, request.Items, policy, cancellationToken);
            return new ScoreBatchResponse { RequestId = request.RequestId, Results = { results } };
        }
        catch (OverCapacityException exception)
        {
            throw ResourceExhausted(exception);
        }
    }

    private void RequireCount(IReadOnlyCollection<ScoreItem> items)
    {
        if (items.Count < 1 || items.Count > options.MaxItemsPerRequest)
        {
            throw new ArgumentException($"There are {items.Count} items; 1 to {options.MaxItemsPerRequest} are taken in one call.", nameof(items));
        }
    }

    private static RpcException ResourceExhausted(OverCapacityException exception) => new Google.Rpc.Status
    {
        Code = (int)Code.ResourceExhausted,
        Message = exception.Message,
        Details = { Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) }) },
    }.ToRpcException();
}
