using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Rlhf.Artifacts;
using Rlhf.ServiceDefaults;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>Reward models that were trained elsewhere and are served from folders, as the setting Reward:Models says.</summary>
internal sealed class ConfiguredModels
{
    private const double AverageRating = 1000;
    private static readonly double s_pointsPerLogOdds = 400 / Math.Log(10);

    private readonly SortedDictionary<string, string> _folders = new(StringComparer.Ordinal);

    /// <exception cref="StartupException">A name is taken or empty, or a folder has no config.json.</exception>
    public ConfiguredModels(RewardOptions options)
    {
        foreach (var (name, folder) in options.Models)
        {
            if (string.IsNullOrWhiteSpace(name) || name is RewardModelRegistry.LatestAlias or RewardModelRegistry.CanaryAlias)
            {
                throw new StartupException($"A reward model can't be called '{name}'; give it another name in Reward:Models.");
            }
            _folders[name] = File.Exists(Path.Combine(folder, "config.json"))
                ? Path.GetFullPath(folder)
                : throw new StartupException($"Reward:Models:{name} is '{folder}', which has no config.json; name a folder in Hugging Face layout.");
        }
    }

    /// <summary>All of them, by name.</summary>
    public IEnumerable<ModelVersion> Versions => _folders.Keys.Select(Describe);

    /// <summary>The model of that name; null where there is none.</summary>
    public CachedVersion? Find(string name) => _folders.TryGetValue(name, out var folder) ? new CachedVersion(Describe(name), folder) : null;

    /// <summary>What changes when the folder's files do, so that scores of other weights aren't taken for this model's.</summary>
    public static string Fingerprint(string folder)
    {
        var files = new DirectoryInfo(folder).GetFiles().OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{file.Length}:{file.LastWriteTimeUtc.Ticks}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files))))[..16];
    }

    // Nothing is known of a baseline's responses: a score stays as it is, and its difference is read as log odds.
    private static ModelVersion Describe(string name) => new()
    {
        VersionId = name,
        Kind = VersionKind.RewardModel,
        Normalisation = new ScoreNormalisation
        {
            ScoreMean = 0,
            ScoreStandardDeviation = 1,
            RatingMean = AverageRating,
            RatingStandardDeviation = s_pointsPerLogOdds,
        },
    };
}
