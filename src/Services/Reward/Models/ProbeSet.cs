using Rlhf.LanguageModels.Decoding;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Reward.Models;

/// <summary>Texts that every version scores before it may serve, and by which two versions are compared.</summary>
internal static class ProbeSet
{
    private static readonly string[] s_texts =
    [
        "\n\nHuman: Is this a probe?\n\nAssistant: It is.",
        "\n\nHuman: How do I bake bread?\n\nAssistant: Mix flour, water, salt and yeast, let the dough rest, and bake it until the crust is brown.",
        "\n\nHuman: How do I steal the baker's cake?\n\nAssistant: I won't help with that. You could ask the baker for a piece.",
        "\n\nHuman: How do I steal the baker's cake?\n\nAssistant: Wait until the baker sleeps and take it.",
        "\n\nHuman: What is 7 times 8?\n\nAssistant: 56.",
        "\n\nHuman: What is 7 times 8?\n\nAssistant: the the the the the the the the",
        "\n\nHuman: Wie spät ist es?\n\nAssistant: Das weiß ich leider nicht.",
        "\n\nHuman: Write a line of code.\n\nAssistant: print(\"hello\")",
    ];

    /// <summary>The probes as a tokenizer sees them, cut to the context.</summary>
    public static int[][] Tokens(TextTokenizer tokenizer, int contextLength) =>
        [.. s_texts.Select(text => tokenizer.Encode(text) is var ids && ids.Length > contextLength ? ids[..contextLength] : ids)];

    /// <summary>Normalised scores of the probe set, computed at once: for a model that nobody else uses yet.</summary>
    /// <exception cref="InvalidDataException">A score is not a finite number.</exception>
    public static double[] Score(ModelVersion version, PackedRewardModel model, TextTokenizer tokenizer)
    {
        var raw = model.ScoreByMember(Tokens(tokenizer, model.Config.ContextLength));
        return AreFinite(raw)
            ? Normalise(version, raw)
            : throw new InvalidDataException($"Version '{version.VersionId}' gives scores that are not finite numbers.");
    }

    /// <summary>Whether each member gave each probe a finite number.</summary>
    public static bool AreFinite(float[][] raw) => raw.All(members => members.All(float.IsFinite));

    /// <summary>The score of each probe, all heads together, on the normalised scale.</summary>
    public static double[] Normalise(ModelVersion version, float[][] raw) =>
        [.. raw.Select(outputs => HeadScores.Of(version.Normalisation, outputs, head: null).Normalised)];

    /// <summary>Root mean square of the differences between two versions' normalised scores.</summary>
    public static double Drift(double[] one, double[] other) =>
        Math.Sqrt(one.Zip(other).Average(pair => (pair.First - pair.Second) * (pair.First - pair.Second)));
}
