using Grpc.Core;
using Rlhf.Reward.Models;
using Rlhf.Reward.Scoring;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Reward;

/// <summary>The gRPC door.</summary>
internal sealed class RewardGrpcService(
    RewardModelRegistry registry, LoadedModels models, ConfiguredModels configured, RoutedScorer scorer, ScoreCalls calls, BaseModel baseModel, RewardOptions options)
    : RewardService.RewardServiceBase
{
    public override Task<ScoreBatchResponse> ScoreBatch(ScoreBatchRequest request, ServerCallContext context) =>
        calls.ScoreAsync(request, Callers.NameOf(context.GetHttpContext()), context.CancellationToken);

    public override async Task ScoreStream(
        IAsyncStreamReader<ScoreStreamRequest> requestStream, IServerStreamWriter<ScoreStreamResponse> responseStream, ServerCallContext context)
    {
        using var call = new ScoreStreamCall(scorer, options.MaxItemsInFlightPerStream, Callers.NameOf(context.GetHttpContext()));
        await call.RunAsync(requestStream, responseStream, context.CancellationToken);
    }

    public override async Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context)
    {
        calls.RequireCount(request.Items);
        var tokenizer = baseModel.Tokenizer;
        if (registry.LatestVersion is { } latest)
        {
            using var lease = await models.AcquireAsync(latest, context.CancellationToken);
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
            using var lease = await models.AcquireAsync(latest, context.CancellationToken);
            info.LatestVersion = latest;
            info.TokenizerHash = lease.Model.Tokenizer.Hash;
            info.ContextLength = lease.Model.ContextLength;
            info.Heads.Add(lease.Model.Heads);
        }
        return info;
    }

    public override async Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var versions = await registry.RefreshAsync(context.CancellationToken);
        return new ListModelsResponse
        {
            Models =
            {
                versions.Concat(configured.Versions).Select(version => new RewardModelDescription
                {
                    Version = version,
                    Loaded = models.IsLoaded(version.VersionId),
                    Aliases = { registry.AliasesOf(version.VersionId) },
                }),
            },
        };
    }
}
