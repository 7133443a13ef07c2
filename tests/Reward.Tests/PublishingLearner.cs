using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rlhf.Artifacts;
using Rlhf.V1;

namespace Rlhf.Reward.Tests;

/// <summary>The Reward service's peer on loopback: lists and serves the versions that a test publishes.</summary>
internal sealed class PublishingLearner : LearningService.LearningServiceBase, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ArtifactStore _store;

    private PublishingLearner(string root)
    {
        _store = new ArtifactStore(root);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear(); // the Reward service's appsettings.json lies in the output folder too
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<PublishingLearner>();
        _app.Start();
        Address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First()
            ?? throw new InvalidOperationException("Kestrel has no address.");
    }

    public string Address { get; }

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

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
