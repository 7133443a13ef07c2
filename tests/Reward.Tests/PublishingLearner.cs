using System.Collections.Concurrent;
using Grpc.Core;
using Rlhf.Artifacts;
using Rlhf.Tests;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

/// <summary>The Reward service's peer on loopback: lists and serves the versions that a test publishes.</summary>
internal sealed class PublishingLearner : LearningService.LearningServiceBase, IAsyncDisposable
{
    private readonly LoopbackGrpcServer _server;
    private readonly ArtifactStore _store;

    private PublishingLearner(string root)
    {
        _store = new ArtifactStore(root);
        _server = LoopbackGrpcServer.Start(this);
    }

    public string Address => _server.Address.OriginalString;

    public ConcurrentDictionary<string, ModelVersion> Versions { get; } = new();

    public static PublishingLearner Start(string root) => new(root);

    public async Task<ModelVersion> PublishAsync(string versionId, string folder, params IEnumerable<HeadNormalisation> heads)
    {
        var version = new ModelVersion
        {
            VersionId = versionId,
            Kind = VersionKind.RewardModel,
            Files = { await _store.AddFolderAsync(folder, CancellationToken.None) },
            Normalisation = new ScoreNormalisation { ScoreMean = .5, ScoreStandardDeviation = 2, RatingMean = 1000, RatingStandardDeviation = 150, Heads = { heads } },
            CreatedUnixMs = Versions.Count + 1,
        };
        return Versions[versionId] = version;
    }

    public override Task<ModelVersion> GetVersion(GetVersionRequest request, ServerCallContext context) =>
        Versions.TryGetValue(request.VersionId, out var version)
            ? Task.FromResult(version)
            : throw new RpcException(new Status(StatusCode.NotFound, $"There is no version '{request.VersionId}'."));

    public override Task<ListVersionsResponse> ListVersions(ListVersionsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListVersionsResponse { Versions = { Versions.Values } });

    public override async Task Download(DownloadRequest request, IServerStreamWriter<DownloadChunk> responseStream, ServerCallContext context)
    {
        await foreach (var chunk in _store.ReadAsync(request.Sha256, request.Offset, context.CancellationToken))
        {
            await responseStream.WriteAsync(chunk, context.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
