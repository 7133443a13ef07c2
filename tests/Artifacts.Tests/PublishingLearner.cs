using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Rlhf.Tests;
using Rlhf.V1;

namespace Rlhf.Artifacts.Tests;

/// <summary>A LearningService on loopback that serves versions from a store, counts what it is asked, and breaks off when told to.</summary>
internal sealed class PublishingLearner : LearningService.LearningServiceBase, IAsyncDisposable
{
    private readonly LoopbackGrpcServer _server;
    private readonly GrpcChannel _channel;
    private readonly ArtifactStore _store;

    private PublishingLearner(string root)
    {
        _store = new ArtifactStore(root);
        _server = LoopbackGrpcServer.Start(this);
        _channel = GrpcChannel.ForAddress(_server.Address);
        Client = new LearningService.LearningServiceClient(_channel);
    }

    public LearningService.LearningServiceClient Client { get; }

    public ConcurrentDictionary<string, ModelVersion> Versions { get; } = new();

    public ConcurrentQueue<DownloadRequest> Downloads { get; } = new();

    /// <summary>Chunks after which a download breaks with UNAVAILABLE, one entry a download; none left: no break.</summary>
    public ConcurrentQueue<int> BreakAfterChunks { get; } = new();

    /// <summary>Changes what is sent, to play a damaged store.</summary>
    public Func<byte[], byte[]> Damage { get; set; } = data => data;

    /// <summary>Downloads wait for this before they send.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public static PublishingLearner Start(string root) => new(root);

    public async Task<ModelVersion> PublishAsync(string versionId, params (string Name, byte[] Content)[] files)
    {
        var version = new ModelVersion { VersionId = versionId, Kind = VersionKind.RewardModel };
        foreach (var (name, content) in files)
        {
            var stored = await _store.AddAsync(new MemoryStream(content), TestContext.Current.CancellationToken);
            version.Files.Add(new ArtifactFile { Name = name, Sha256 = stored.Sha256, SizeBytes = stored.SizeBytes });
        }
        return Versions[versionId] = version;
    }

    public override Task<ModelVersion> GetVersion(GetVersionRequest request, ServerCallContext context) =>
        Versions.TryGetValue(request.VersionId, out var version)
            ? Task.FromResult(version)
            : throw new RpcException(new Status(StatusCode.NotFound, $"No version '{request.VersionId}'."));

    public override async Task Download(DownloadRequest request, IServerStreamWriter<DownloadChunk> responseStream, ServerCallContext context)
    {
        Downloads.Enqueue(request);
        await Gate;
        var chunksLeft = BreakAfterChunks.TryDequeue(out var chunks) ? chunks : int.MaxValue;
        await foreach (var chunk in _store.ReadAsync(request.Sha256, request.Offset, context.CancellationToken))
        {
            if (chunksLeft-- == 0)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "broken off"));
            }
            var data = Damage(chunk.Data.ToByteArray());
            await responseStream.WriteAsync(new DownloadChunk { Data = Google.Protobuf.ByteString.CopyFrom(data) }, context.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }
}
