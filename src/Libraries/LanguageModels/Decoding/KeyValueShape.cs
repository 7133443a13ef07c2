namespace Rlhf.LanguageModels.Decoding;

/// <summary>The shape of a page of keys and values.</summary>
/// <param name="Layers">Blocks of the model.</param>
/// <param name="Heads">Key-value heads.</param>
/// <param name="HeadSize">D, numbers a head.</param>
/// <param name="Positions">Positions a page; the kernels' panel width.</param>
internal sealed record KeyValueShape(int Layers, int Heads, int HeadSize, int Positions)
{
    /// <summary>Panels that a head's values take.</summary>
    public int ValuePanels { get; } = (HeadSize + Positions - 1) / Positions;

    /// <summary>Numbers of one head's keys and values.</summary>
    public int HeadLength { get; } = Positions * (HeadSize + ((HeadSize + Positions - 1) / Positions * Positions));

    /// <summary>Numbers of a page.</summary>
    public long PageLength => (long)Layers * Heads * HeadLength;
}
