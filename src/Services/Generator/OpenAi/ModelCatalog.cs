using System.Text.Json.Nodes;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Generator.OpenAi;

/// <summary>The versions that answer: "base", and every policy and adapter that the Learner has published.</summary>
internal sealed class ModelCatalog(LearningService.LearningServiceClient learner, ModelOptions model)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <exception cref="Grpc.Core.RpcException">The Learner can't be reached.</exception>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(CancellationToken cancellationToken)
    {
        var published = await learner.ListVersionsAsync(new ListVersionsRequest(), deadline: DateTime.UtcNow + _patience, cancellationToken: cancellationToken);
        var baseTime = new DateTimeOffset(File.GetLastWriteTimeUtc(Path.Combine(model.Path, "config.json")));
        return
        [
            Entry(ModelOptions.BaseVersion, baseTime),
            .. published.Versions
                .Where(version => version.Kind is VersionKind.Policy or VersionKind.PolicyAdapter)
                .Select(version => Entry(version.VersionId, DateTimeOffset.FromUnixTimeMilliseconds(version.CreatedUnixMs))),
        ];
    }

    private static JsonObject Entry(string id, DateTimeOffset created) => new()
    {
        ["id"] = id,
        ["object"] = "model",
        ["created"] = created.ToUnixTimeSeconds(),
        ["owned_by"] = "rlhf-services",
    };
}
