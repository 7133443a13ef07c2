using Rlhf.Artifacts;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Generator.Engine;

/// <summary>Brings a version's files to this machine.</summary>
internal sealed class VersionResolver(ModelOptions model, VersionCache cache)
{
    /// <summary>The files of "base" (or ""), of a whole model, or of an adapter with the model below it.</summary>
    /// <exception cref="ArgumentException">The version is not a policy.</exception>
    /// <exception cref="Grpc.Core.RpcException">The Learner can't be reached (UNAVAILABLE) or has no such version (NOT_FOUND).</exception>
    public async Task<VersionFiles> ResolveAsync(string versionId, CancellationToken cancellationToken)
    {
        if (versionId is "" or ModelOptions.BaseVersion)
        {
            return new VersionFiles(ModelOptions.BaseVersion, model.Path, null);
        }

        var cached = await cache.GetAsync(versionId, cancellationToken);
        switch (cached.Version.Kind)
        {
            case VersionKind.Policy:
                return new VersionFiles(versionId, cached.Folder, null);
            case VersionKind.PolicyAdapter:
                var below = await ResolveAsync(cached.Version.BaseVersionId, cancellationToken);
                return below.AdapterFolder is null
                    ? new VersionFiles(versionId, below.ModelFolder, cached.Folder)
                    : throw new ArgumentException($"Version \"{versionId}\" is an adapter on the adapter \"{below.VersionId}\", which is not supported.", nameof(versionId));
            default:
                throw new ArgumentException($"Version \"{versionId}\" is a {cached.Version.Kind}, not a policy.", nameof(versionId));
        }
    }
}
