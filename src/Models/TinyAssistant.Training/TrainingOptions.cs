namespace Rlhf.TinyAssistant.Training;

/// <summary>How the embedded model is made. The defaults are what the shipped one was made with.</summary>
public sealed record TrainingOptions
{
    /// <summary>Of the corpus, the initial weights and the order of the documents.</summary>
    public int Seed { get; init; } = 7;

    /// <summary>Documents of the corpus; each is seen once.</summary>
    public int Documents { get; init; } = 80_000;

    /// <summary>Documents a step.</summary>
    public int BatchDocuments { get; init; } = 32;

    /// <summary>Tokens, with the two special ones and the 256 bytes.</summary>
    public int VocabularySize { get; init; } = 3072;

    /// <summary>Width of the residual stream.</summary>
    public int HiddenSize { get; init; } = 128;

    /// <summary>Blocks.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Peak of AdamW's learning rate, for the embedding and the norms.</summary>
    public double LearningRate { get; init; } = 4e-3;

    /// <summary>Peak of Muon's learning rate, for the projections.</summary>
    public double MatrixLearningRate { get; init; } = .02;

    /// <summary>Of the projections.</summary>
    public double WeightDecay { get; init; } = .05;

    /// <summary>Share of the steps in which the learning rate rises.</summary>
    public double WarmupShare { get; init; } = .05;

    /// <summary>Norm to which gradients are cut.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Processor threads.</summary>
    public int Threads { get; init; } = 2;
}
