using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Rlhf.V1;

namespace Rlhf.Learner.Versions;

/// <summary>The published versions, one small JSON file each: they survive the process.</summary>
internal sealed class VersionCatalog
{
    private readonly string _folder;
    private readonly ConcurrentDictionary<string, ModelVersion> _versions = new(StringComparer.Ordinal);

    /// <summary>Reads what was published before.</summary>
    /// <param name="folder">Made if it is not there.</param>
    public VersionCatalog(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(folder, "*.json"))
        {
            var version = ModelVersion.Parser.ParseJson(File.ReadAllText(file));
            _versions[version.VersionId] = version;
        }
    }

    /// <summary>A version by its id.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public ModelVersion Get(string versionId) => Find(versionId)
        ?? throw new KeyNotFoundException($"No version '{versionId}' has been published here.");

    /// <summary>A version by its id, or null.</summary>
    public ModelVersion? Find(string versionId) => _versions.GetValueOrDefault(versionId);

    /// <summary>The versions of a run, or all where the run's id is empty, oldest first.</summary>
    public IReadOnlyList<ModelVersion> List(string runId) =>
    [
        .. _versions.Values.Where(version => runId.Length == 0 || version.Provenance?.RunId == runId)
            .OrderBy(version => version.CreatedUnixMs).ThenBy(version => version.VersionId, StringComparer.Ordinal),
    ];

    /// <summary>Adds a version whose files are all in the store.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Add(ModelVersion version)
    {
        AtomicFile.Write(_folder, FileName(version.VersionId), JsonFormatter.Default.Format(version));
        _versions[version.VersionId] = version;
    }

    // Ids contain slashes, and file systems disagree about letters' case.
    internal static string FileName(string id) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..32] + ".json";
}
