using Rlhf.Artifacts;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Adapters;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Learner.Versions;

/// <summary>Loads policies by their version ids, for training to start from.</summary>
internal sealed class PolicyLoader(BaseModel baseModel, VersionCatalog catalog, ArtifactStore store, DataFolder data)
{
    /// <summary>Checks that a version exists and is a policy.</summary>
    /// <param name="versionId">Empty means "base".</param>
    /// <exception cref="ArgumentException">It does not exist or is a reward model.</exception>
    public void RequirePolicy(string versionId)
    {
        if (IsBase(versionId))
        {
            return;
        }

        var version = catalog.Find(versionId)
            ?? throw new ArgumentException($"No version '{versionId}' has been published here; publish it first, or start from \"base\".", nameof(versionId));
        if (version.Kind == VersionKind.RewardModel)
        {
            throw new ArgumentException($"Version '{versionId}' is a reward model; a policy is needed to start from.", nameof(versionId));
        }
    }

    /// <summary>Loads a policy; an adapter is added to its base's weights. The caller owns the model.</summary>
    /// <param name="versionId">Empty means "base".</param>
    /// <exception cref="ArgumentException">It does not exist or is a reward model.</exception>
    public CausalLanguageModel Load(string versionId)
    {
        RequirePolicy(versionId);
        if (IsBase(versionId))
        {
            return CausalLanguageModel.Load(baseModel.Folder, device: baseModel.Device);
        }

        var version = catalog.Get(versionId);
        using var folder = Materialise(version);
        if (version.Kind == VersionKind.Policy)
        {
            return CausalLanguageModel.Load(folder.Path, device: baseModel.Device);
        }

        var model = Load(version.BaseVersionId);
        using var adapter = LoraAdapter.Load(model, folder.Path);
        adapter.Merge();
        return model;
    }

    /// <summary>A folder that holds a version's files under their names, until it is disposed.</summary>
    public TemporaryFolder Materialise(ModelVersion version)
    {
        var folder = data.CreateTemporary();
        foreach (var file in version.Files)
        {
            var path = Path.Combine(folder.Path, ArtifactFileName.Require(file.Name));
            Directory.CreateDirectory(Path.GetDirectoryName(path) ?? folder.Path);
            File.Copy(store.PathOf(file.Sha256), path);
        }

        return folder;
    }

    private static bool IsBase(string versionId) => versionId.Length == 0 || versionId == ModelOptions.BaseVersion;
}
