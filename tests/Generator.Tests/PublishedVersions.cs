using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.Tests;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Generator.Tests;

/// <summary>The Generator's peer on loopback: a Learner that has published a whole model, an adapter with random weights, and a reward model.</summary>
internal sealed class PublishedVersions : LearningService.LearningServiceBase, IAsyncDisposable
{
    public const string Policy = "tests/policy";
    public const string Adapter = "tests/adapter";
    public const string RewardModel = "tests/reward";
    public const long CreatedUnixMs = 1_700_000_000_000;

    private readonly Dictionary<string, string> _paths = [];
    private readonly List<ModelVersion> _versions;
    private readonly LoopbackGrpcServer _server;

    private PublishedVersions(string modelFolder, string adapterFolder)
    {
        _versions =
        [
            Version(Policy, VersionKind.Policy, modelFolder),
            Version(Adapter, VersionKind.PolicyAdapter, adapterFolder),
            Version(RewardModel, VersionKind.RewardModel, adapterFolder),
        ];
        _server = LoopbackGrpcServer.Start(this);
    }

    public string Address => _server.Address.OriginalString;

    public static PublishedVersions Start(string modelFolder, string adapterFolder)
    {
        using var model = CausalLanguageModel.Load(modelFolder);
        using var adapter = LoraAdapter.Create(model, new LoraOptions { Rank = 4 }, seed: 5);
        using (no_grad())
        {
            foreach (var (index, factor) in adapter.Parameters.Index())
            {
                using var generator = new TorchSharp.torch.Generator((ulong)index);
                using var noise = randn(factor.shape, generator: generator) * 0.1;
                factor.add_(noise);
            }
        }

        adapter.Save(adapterFolder, "base");
        return new PublishedVersions(modelFolder, adapterFolder);
    }

    public override Task<ListVersionsResponse> ListVersions(ListVersionsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListVersionsResponse { Versions = { _versions } });

    public override Task<ModelVersion> GetVersion(GetVersionRequest request, ServerCallContext context) => Task.FromResult(
        _versions.Find(version => version.VersionId == request.VersionId)
        ?? throw new RpcException(new Status(StatusCode.NotFound, $"There is no version \"{request.VersionId}\".")));

    public override async Task Download(DownloadRequest request, IServerStreamWriter<DownloadChunk> responseStream, ServerCallContext context)
    {
        var bytes = await File.ReadAllBytesAsync(_paths[request.Sha256], context.CancellationToken);
        foreach (var chunk in bytes.Skip((int)request.Offset).Chunk(1 << 20))
        {
            await responseStream.WriteAsync(new DownloadChunk { Data = ByteString.CopyFrom(chunk) }, context.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private ModelVersion Version(string id, VersionKind kind, string folder)
    {
        var version = new ModelVersion { VersionId = id, Kind = kind, BaseVersionId = "base", CreatedUnixMs = CreatedUnixMs };
        foreach (var path in Directory.GetFiles(folder))
        {
            var bytes = File.ReadAllBytes(path);
            var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
            _paths[hash] = path;
            version.Files.Add(new ArtifactFile { Name = Path.GetFileName(path), Sha256 = hash, SizeBytes = bytes.Length });
        }

        return version;
    }
}
