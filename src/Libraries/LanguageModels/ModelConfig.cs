using Rlhf.LanguageModels.Configuration;

namespace Rlhf.LanguageModels;

/// <summary>The shape of a transformer and the parts it is made of, as a Hugging Face config.json says it. What isn't set is as in Llama.</summary>
public sealed record ModelConfig
{
    /// <summary>Whose names its options and weights have.</summary>
    public ModelFamily Family { get; init; }

    /// <summary>V, the number of token ids.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>C, the width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>H, the number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key and value heads; <see cref="Heads"/> is a multiple of it (grouped-query attention).</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>D, the width of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>The longest sequence, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>How the stream is normalised.</summary>
    public NormKind Norm { get; init; }

    /// <summary>ε of the norms.</summary>
    public double NormEpsilon { get; init; } = 1e-5;

    /// <summary>Base of the rotary position frequencies (Su et al. 2021, arXiv:2104.09864).</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>How the frequencies are slowed for longer contexts; null leaves them.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether positions are learned vectors, added to the embedding, and not rotations.</summary>
    public bool HasLearnedPositions { get; init; }

    /// <summary>Whether the embedding is multiplied by √C.</summary>
    public bool HasScaledEmbedding { get; init; }

    /// <summary>Whether queries, keys and values have biases.</summary>
    public bool HasQueryKeyValueBias { get; init; }

    /// <summary>Whether attention's output has a bias.</summary>
    public bool HasOutputBias { get; init; }

    /// <summary>Whether each head's queries and keys are normalised before they are rotated.</summary>
    public bool HasQueryKeyNorms { get; init; }

    /// <summary>Scores are divided by its root; null is <see cref="HeadSize"/>.</summary>
    public double? QueryScalar { get; init; }

    /// <summary>c of c·tanh(score / c) in attention; null is none.</summary>
    public double? AttentionSoftCap { get; init; }

    /// <summary>Which layers see the newest tokens only; null is none.</summary>
    public SlidingWindow? Window { get; init; }

    /// <summary>Whether attention's and the feed-forward layer's outputs are normalised too, before they are added to the stream.</summary>
    public bool HasPostNorms { get; init; }

    /// <summary>The feed-forward layer's nonlinearity.</summary>
    public Activation Activation { get; init; }

    /// <summary>Whether the nonlinearity is multiplied by a second projection (Shazeer 2020, arXiv:2002.05202).</summary>
    public bool HasGate { get; init; } = true;

    /// <summary>Whether the feed-forward layer's projections have biases.</summary>
    public bool HasFeedForwardBias { get; init; }

    /// <summary>c of c·tanh(logit / c); null is none.</summary>
    public double? LogitSoftCap { get; init; }

    /// <summary>Whether the vocabulary's head is the transposed embedding.</summary>
    public bool HasTiedHead { get; init; }

    /// <summary>What scores are multiplied by.</summary>
    public double AttentionScale => 1 / Math.Sqrt(QueryScalar ?? HeadSize);

    /// <summary>What the embedding is multiplied by.</summary>
    public double EmbeddingScale => HasScaledEmbedding ? Math.Sqrt(HiddenSize) : 1;

    /// <summary>Reads and checks config.json.</summary>
    /// <param name="folder">A folder in Hugging Face layout.</param>
    /// <exception cref="InvalidDataException">The file is missing or malformed, or asks for what is not supported; the message names it.</exception>
    public static ModelConfig Load(string folder) => ConfigFile.Load(folder).Config;

    /// <summary>A config.json that <see cref="Load"/> and Hugging Face's class for language models read as this.</summary>
    /// <exception cref="ArgumentException">The family has no model of these parts.</exception>
    public string ToJson(int bosId, int eosId) => ConfigFile.Of(this).ToJson(labels: [], bosId, eosId, "float32");
}
