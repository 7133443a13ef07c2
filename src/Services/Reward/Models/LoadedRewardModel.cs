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
    private const string ProbeText = "\n\nHuman: Is this a probe?\n\nAssistant: It is.";

    private RewardModel? _onDevice; // what Model uses, where that isn't on the processor

    private LoadedRewardModel(ModelVersion version, string cacheName, PackedRewardModel model, TextTokenizer tokenizer)
    {
        (Version, CacheName, Model, Tokenizer) = (version, cacheName, model, tokenizer);
    }

    public ModelVersion Version { get; }

    /// <summary>What its scores are kept under: of these weights and no others.</summary>
    public string CacheName { get; }

    public PackedRewardModel Model { get; }

    public TextTokenizer Tokenizer { get; }

    public int ContextLength => Model.Config.ContextLength;

    public int VocabularySize => Model.Config.VocabularySize;

    /// <summary>How many members score each item; 1 where the model is no ensemble.</summary>
    public int Members => Model.Members;

    /// <summary>Loads a version's files and scores a probe, so that a broken model never takes over.</summary>
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
        if (version.Normalisation is not { ScoreStandardDeviation: > 0 } normalisation || !IsFinite(normalisation))
        {
            throw new InvalidDataException($"Version '{version.VersionId}' has no usable normalisation: finite numbers and a standard deviation above 0 are needed.");
        }
        var hasTokenizer = File.Exists(Path.Combine(folder, "tokenizer.json")) || File.Exists(Path.Combine(folder, "tokenizer.model"));
        var tokenizer = hasTokenizer ? TextTokenizer.Load(folder) : baseTokenizer;
        var model = RewardModel.Load(folder, device);
        // A published version never changes; a folder that someone configured may.
        var cacheName = version.Files.Count > 0 ? version.VersionId : $"{version.VersionId}@{ConfiguredModels.Fingerprint(folder)}";
        var loaded = new LoadedRewardModel(version, cacheName, new PackedRewardModel(model, threads), tokenizer);
        if (device is null)
        {
            model.Dispose(); // its weights are packed
        }
        else
        {
            loaded._onDevice = model;
        }

        var probe = tokenizer.Encode(ProbeText);
        if (!float.IsFinite(loaded.Model.Score([probe[..Math.Min(probe.Length, loaded.ContextLength)]])[0]))
        {
            loaded.Dispose();
            throw new InvalidDataException($"Version '{version.VersionId}' gives scores that are not finite numbers.");
        }
        return loaded;
    }

    public void Dispose()
    {
        Model.Dispose();
        _onDevice?.Dispose();
    }

    private static bool IsFinite(ScoreNormalisation normalisation) =>
        double.IsFinite(normalisation.ScoreMean) && double.IsFinite(normalisation.ScoreStandardDeviation)
        && double.IsFinite(normalisation.RatingMean) && double.IsFinite(normalisation.RatingStandardDeviation);
}
