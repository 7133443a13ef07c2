using Rlhf.Artifacts;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using Rlhf.Tokenization;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Reward.Models;

/// <summary>A reward model in memory. <see cref="Model"/> is for the engine's thread; the rest is immutable.</summary>
internal sealed class LoadedRewardModel : IDisposable
{
    private readonly RewardModel? _onDevice; // what Model uses, where that isn't on the processor

    private LoadedRewardModel(ModelVersion version, string cacheName, PackedRewardModel model, RewardModel? onDevice, TextTokenizer tokenizer, double[] probeScores)
    {
        (Version, CacheName, Model, Tokenizer, ProbeScores) = (version, cacheName, model, tokenizer, probeScores);
        _onDevice = onDevice;
    }

    public ModelVersion Version { get; }

    /// <summary>What its scores are kept under: of these weights and no others.</summary>
    public string CacheName { get; }

    public PackedRewardModel Model { get; }

    public TextTokenizer Tokenizer { get; }

    /// <summary>Normalised scores of the probe set, all finite.</summary>
    public double[] ProbeScores { get; }

    public int ContextLength => Model.Config.ContextLength;

    public int VocabularySize => Model.Config.VocabularySize;

    /// <summary>How many members score each item; 1 where the model is no ensemble.</summary>
    public int Members => Model.Members;

    /// <summary>The names of the heads that can be asked for alone, in the outputs' order; none where the version has no figures of its heads.</summary>
    public IEnumerable<string> Heads => Version.Normalisation.Heads.Select(head => head.Name);

    /// <summary>The place of a head among the outputs; null where none is named.</summary>
    /// <exception cref="UnknownHeadException">The version has no such head.</exception>
    public int? PlaceOf(string head)
    {
        if (head.Length == 0)
        {
            return null;
        }
        var place = Heads.ToList().IndexOf(head);
        return place >= 0 ? place : throw new UnknownHeadException(Heads.Any()
            ? $"Version '{Version.VersionId}' has no head '{head}'; it has: {string.Join(", ", Heads)}."
            : $"Version '{Version.VersionId}' has no heads to name; leave out 'head', or name a version that has.");
    }

    /// <summary>Loads a version's files and scores the probe set, so that a broken model never takes over.</summary>
    /// <param name="cached">The version and its folder.</param>
    /// <param name="baseTokenizer">Used when the folder has no tokenizer.</param>
    /// <param name="threads">Threads that compute scores.</param>
    /// <param name="device">Where the model is to be; null is the processor.</param>
    /// <exception cref="InvalidDataException">It is no reward model, a file is missing or malformed, or its scores are not finite.</exception>
    public static LoadedRewardModel Load(CachedVersion cached, TextTokenizer baseTokenizer, int threads, Device? device)
    {
        var (version, folder) = cached;
        if (version.Kind != VersionKind.RewardModel)
        {
            throw new InvalidDataException($"Version '{version.VersionId}' is no reward model but a {version.Kind}; name one that ListModels shows.");
        }
        if (!IsUsable(version.Normalisation) || !version.Normalisation.Heads.All(head => IsUsable(head.Normalisation)))
        {
            throw new InvalidDataException($"Version '{version.VersionId}' has no usable normalisation: finite numbers and a standard deviation above 0 are needed.");
        }
        var hasTokenizer = File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "tokenizer.model"));
        var tokenizer = hasTokenizer ? TextTokenizer.Load(folder) : baseTokenizer;
        // A published version never changes; a folder that someone configured may.
        var cacheName = version.Files.Count > 0 ? version.VersionId : $"{version.VersionId}@{ConfiguredModels.Fingerprint(folder)}";
        var model = RewardModel.Load(folder, device);
        PackedRewardModel? packed = null;
        try
        {
            if (version.Normalisation.Heads.Count > 0 && !version.Normalisation.Heads.Select(head => head.Name).SequenceEqual(model.Head.Labels))
            {
                throw new InvalidDataException(
                    $"Version '{version.VersionId}' has the heads {string.Join(", ", model.Head.Labels)}, and figures of {string.Join(", ", version.Normalisation.Heads.Select(head => head.Name))}; publish it again.");
            }
            packed = new PackedRewardModel(model, threads);
            var probeScores = ProbeSet.Score(version, packed, tokenizer);
            if (device is not null)
            {
                return new LoadedRewardModel(version, cacheName, packed, model, tokenizer, probeScores);
            }
            model.Dispose(); // its weights are packed
            return new LoadedRewardModel(version, cacheName, packed, onDevice: null, tokenizer, probeScores);
        }
        catch
        {
            packed?.Dispose();
            model.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        _onDevice?.Dispose();
    }

    private static bool IsUsable(ScoreNormalisation? normalisation) =>
        normalisation is { ScoreStandardDeviation: > 0 } && double.IsFinite(normalisation.ScoreMean) && double.IsFinite(normalisation.ScoreStandardDeviation)
        && double.IsFinite(normalisation.RatingMean) && double.IsFinite(normalisation.RatingStandardDeviation);
}
