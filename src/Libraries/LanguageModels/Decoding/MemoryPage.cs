namespace Rlhf.LanguageModels.Decoding;

/// <summary>
/// A page in the processor's memory, as the kernels read it. Keys lie as a packed matrix with a position an output, values as one
/// with a position an input, so that attention is two products.
/// </summary>
internal sealed unsafe class MemoryPage : KeyValuePage
{
    private readonly PageMemory _memory;
    private readonly float* _numbers;

    public MemoryPage(KeyValueShape shape, PageMemory memory)
    {
        (Shape, _memory) = (shape, memory);
        _numbers = (float*)memory.Take();
    }

    public KeyValueShape Shape { get; }

    /// <summary>[1 panel, D, positions].</summary>
    public float* Keys(int layer, int head) => _numbers + (((nint)layer * Shape.Heads) + head) * Shape.HeadLength;

    /// <summary>[panels of D, positions, panel width].</summary>
    public float* Values(int layer, int head) => Keys(layer, head) + (Shape.Positions * Shape.HeadSize);

    /// <summary>Writes a position's key and value.</summary>
    /// <param name="key">[D].</param>
    /// <param name="value">[D].</param>
    public void Write(int layer, int head, int position, float* key, float* value)
    {
        var keys = Keys(layer, head);
        var values = Values(layer, head);
        for (var d = 0; d < Shape.HeadSize; d++)
        {
            keys[(d * Shape.Positions) + position] = key[d];
            var (panel, place) = Math.DivRem(d, Shape.Positions);
            values[(((panel * Shape.Positions) + position) * Shape.Positions) + place] = value[d];
        }
    }

    public override KeyValuePage Copy()
    {
        var copy = new MemoryPage(Shape, _memory);
        Buffer.MemoryCopy(_numbers, copy._numbers, Shape.PageLength * sizeof(float), Shape.PageLength * sizeof(float));
        return copy;
    }

    protected override void Free() => _memory.GiveBack((nint)_numbers);
}
