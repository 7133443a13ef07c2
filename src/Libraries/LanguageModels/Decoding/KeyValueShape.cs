namespace Rlhf.LanguageModels.Decoding;

/// <summary>The shape of a page of keys and values.</summary>
/// <param name="Layers">Blocks of the model.</param>
/// <param name="Heads">Key-value heads.</param>
/// <param name="HeadSize">D, numbers a head.</param>
/// <param name="Positions">Positions a page; the kernels' panel width.</param>
/// <param name="Window">Positions that a token sees, where no layer sees more; null keeps all.</param>
/// <param name="NumberBytes">Bytes of a number.</param>
internal sealed record KeyValueShape(int Layers, int Heads, int HeadSize, int Positions, int? Window, int NumberBytes)
{
    /// <summary>The shape of a model's pages.</summary>
    public static KeyValueShape Of(ModelConfig config, int positions, int numberBytes = sizeof(float)) => new(
        config.Layers,
        config.KeyValueHeads,
        config.HeadSize,
        positions,
        config.Window is { } window && Enumerable.Range(0, config.Layers).All(window.Covers) ? window.Width : null,
        numberBytes);

    /// <summary>Panels that a head's values take.</summary>
    public int ValuePanels { get; } = (HeadSize + Positions - 1) / Positions;

    /// <summary>Numbers of one head's keys and values.</summary>
    public int HeadLength { get; } = Positions * (HeadSize + ((HeadSize + Positions - 1) / Positions * Positions));

    /// <summary>Numbers of a page.</summary>
    public long PageLength => (long)Layers * Heads * HeadLength;

    /// <summary>Memory of a page.</summary>
    public long PageBytes => PageLength * NumberBytes;
}
