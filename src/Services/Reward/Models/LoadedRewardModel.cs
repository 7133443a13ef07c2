using Rlhf.Artifacts;
using Rlhf.LanguageModels;
using Rlhf.LanguageModels.Decoding;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>A reward model in memory. <see cref="Model"/> is for the engine's thread; the rest is immutable.</summary>
internal sealed class LoadedRewardModel : IDisposable
{
    private LoadedRewardModel(ModelVersion version, PackedRewardModel model, TextTokenizer tokenizer, double[] probeScores)
    {
        (Version, Model, Tokenizer, ProbeScores) = (version, model, tokenizer, probeScores);
    }

    public ModelVersion Version { get; }

    public PackedRewardModel Model { get; }

    public TextTokenizer Tokenizer { get; }

    /// <summary>Normalised scores of the probe set, all finite.</summary>
    public double[] ProbeScores { get; }

    public int ContextLength => Model.Config.ContextLength;

    public int VocabularySize => Model.Config.VocabularySize;

    /// <summary>Loads a version's files and scores the probe set, so that a broken model never takes over.</summary>
    /// <param name="cached">The version and its folder.</param>
    /// <param name="baseTokenizer">Used when the folder has no tokenizer.</param>
    /// <param name="threads">Threads that compute scores.</param>
    /// <exception cref="InvalidDataException">It is no reward model, a file is missing or malformed, or its scores are not finite.</exception>
    public static LoadedRewardModel Load(CachedVersion cached, TextTokenizer baseTokenizer, int threads)
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
        using var model = RewardModel.Load(folder);
        var packed = new PackedRewardModel(model, threads);
        try
        {
            return new LoadedRewardModel(version, packed, tokenizer, ProbeSet.Score(version, packed, tokenizer));
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    public void Dispose() => Model.Dispose();

    private static bool IsFinite(ScoreNormalisation normalisation) =>
        double.IsFinite(normalisation.ScoreMean) && double.IsFinite(normalisation.ScoreStandardDeviation)
        && double.IsFinite(normalisation.RatingMean) && double.IsFinite(normalisation.RatingStandardDeviation);
}
