using System.Reflection;
using Rlhf.Artifacts;
using Rlhf.Messaging;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Learner.Versions;

/// <summary>Publishes what a job trained: files into the store, the version into the catalog, the news to everyone.</summary>
internal sealed class VersionPublisher(
    BaseModel baseModel, VersionCatalog catalog, ArtifactStore store, DataFolder data, Announce announce)
{
    private static readonly string s_softwareVersion =
        typeof(VersionPublisher).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>Publishes a version; blocks the training thread until it can be downloaded and the news is out.</summary>
    /// <param name="version">Its id, kind, base and provenance; files and time are filled in here.</param>
    /// <param name="save">Writes the version's own files into a folder.</param>
    /// <param name="cancellationToken">Gives up; nothing is published then.</param>
    /// <exception cref="IOException">The disk is full, or can't be written; nothing is published then.</exception>
    public void Publish(ModelVersion version, Action<string> save, CancellationToken cancellationToken)
    {
        using (var folder = data.CreateTemporary())
        {
            save(folder.Path);
            if (version.Kind != VersionKind.PolicyAdapter)
            {
                baseModel.CopyTokenizer(folder.Path);
            }

            version.Files.AddRange(store.AddFolderAsync(folder.Path, cancellationToken).GetAwaiter().GetResult());
        }

        version.CreatedUnixMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        catalog.Add(version);
        Announce(version, cancellationToken);
    }

    /// <summary>Tells everyone of a published version; once more does no harm.</summary>
    public void Announce(ModelVersion version, CancellationToken cancellationToken)
    {
        var news = new VersionPublished
        {
            Header = new MessageHeader
            {
                MessageId = version.VersionId,
                RunId = version.Provenance.RunId,
                Stage = version.Provenance.Method,
                Step = version.Provenance.Step,
            },
            Version = version,
        };
        var routingKey = version.Kind == VersionKind.RewardModel ? RoutingKeys.RewardModelPublished : RoutingKeys.PolicyPublished;
        announce(routingKey, version.VersionId, news, cancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>A version of a job, without its files.</summary>
    /// <param name="specification">The job's.</param>
    /// <param name="versionId">Under which it is published.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="method">"sft", "reward-model" or "ppo".</param>
    /// <param name="step">Updates of the sampling policy so far; 0 where there are none.</param>
    /// <param name="optionsJson">The job's options with the defaults filled in.</param>
    public static ModelVersion Describe(
        JobSpecification specification, string versionId, VersionKind kind, string method, long step, string optionsJson) => new()
        {
            VersionId = versionId,
            Kind = kind,
            BaseVersionId = specification.InitialVersion.Length == 0 ? ModelOptions.BaseVersion : specification.InitialVersion,
            Provenance = new TrainingProvenance
            {
                RunId = specification.RunId,
                JobId = specification.JobId,
                Method = method,
                Seed = specification.Seed,
                Step = step,
                OptionsJson = optionsJson,
                SoftwareVersion = s_softwareVersion,
            },
        };
}
