using System.Runtime.InteropServices;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>Weights of one or more linear layers over the same input, laid out for <see cref="Kernels{TVector, TLanes, TWeight, TWeights}"/>.</summary>
internal sealed unsafe class PackedMatrix<TVector, TLanes, TWeight, TWeights> : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    private const int ReleasedAtOnce = 1 << 18; // numbers of a mapped file

    private readonly AlignedBuffer<TWeight> _panels;
    private readonly AlignedBuffer<float>? _bias; // [Stride]; null where the layers have none

    /// <param name="inputs">Inputs of each layer.</param>
    /// <param name="outputs">Outputs of all layers together; rounded up to whole panels, whose last outputs are 0.</param>
    /// <param name="hasBias">Whether the layers add a bias.</param>
    public PackedMatrix(int inputs, int outputs, bool hasBias = false)
    {
        Inputs = inputs;
        PanelCount = (outputs + PanelWidth - 1) / PanelWidth;
        _panels = new AlignedBuffer<TWeight>((long)PanelCount * PanelWidth * inputs, isCleared: false);
        if (outputs < Stride)
        {
            NativeMemory.Clear(_panels.Pointer + ((nint)(PanelCount - 1) * PanelWidth * inputs), (nuint)PanelWidth * (nuint)inputs * (nuint)sizeof(TWeight));
        }

        _bias = hasBias ? new AlignedBuffer<float>(Stride) : null;
    }

    public static int PanelWidth => Kernels<TVector, TLanes, TWeight, TWeights>.PanelWidth;

    public int Inputs { get; }

    public int PanelCount { get; }

    /// <summary>Outputs with the rounding; the distance of two rows of a product.</summary>
    public int Stride => PanelCount * PanelWidth;

    public long Bytes => _panels.Length * sizeof(TWeight);

    /// <summary>One worker's share of laying out layers with all their outputs side by side, in place of what was there.</summary>
    /// <param name="layers">Layers over the same input.</param>
    /// <param name="changes">What an adapter adds to them.</param>
    public void Pack(IReadOnlyList<LinearView> layers, LowRankChanges? changes, int worker, int workers)
    {
        var firstOutput = 0;
        foreach (var layer in layers)
        {
            if (layer.Inputs != Inputs || firstOutput + layer.Outputs > Stride)
            {
                throw new ArgumentException($"\"{layer.Name}\" [{layer.Outputs}, {layer.Inputs}] doesn't fit {Inputs} inputs and {Stride} outputs.", nameof(layers));
            }

            Pack(layer, firstOutput, changes, (int)((long)layer.Outputs * worker / workers), (int)((long)layer.Outputs * (worker + 1) / workers));
            if (worker == 0 && _bias is not null)
            {
                layer.Bias?.Read(0, new Span<float>(_bias.Pointer + firstOutput, layer.Outputs));
            }

            firstOutput += layer.Outputs;
        }
    }

    /// <summary>One worker's share of y = bias + x · Wᵀ.</summary>
    /// <param name="x">[rows, inputs], rows <paramref name="xStride"/> apart.</param>
    /// <param name="y">[rows, Stride].</param>
    public void Multiply(float* x, int xStride, int rows, float* y, int worker, int workers)
    {
        // Whole groups of four panels a worker, as the kernels like them.
        var groups = (PanelCount + 3) / 4;
        var first = 4 * (groups * worker / workers);
        var end = Math.Min(PanelCount, 4 * (groups * (worker + 1) / workers));
        if (first < end)
        {
            for (var row = 0; _bias is not null && row < rows; row++)
            {
                new ReadOnlySpan<float>(_bias.Pointer + (first * PanelWidth), (end - first) * PanelWidth)
                    .CopyTo(new Span<float>(y + ((nint)row * Stride) + ((nint)first * PanelWidth), (end - first) * PanelWidth));
            }

            Kernels<TVector, TLanes, TWeight, TWeights>.Multiply(
                x, xStride, rows, _panels.Pointer + ((nint)first * PanelWidth * Inputs), Inputs, end - first, y + ((nint)first * PanelWidth), Stride, isAdded: _bias is not null);
        }
    }

    /// <summary>One output's weights: a row of an embedding.</summary>
    /// <param name="output">Which.</param>
    /// <param name="to">[inputs].</param>
    public void ReadOutput(int output, Span<float> to)
    {
        var (panel, place) = Math.DivRem(output, PanelWidth);
        var from = _panels.Pointer + ((nint)panel * PanelWidth * Inputs) + TWeights.PlaceOf(place);
        for (var k = 0; k < Inputs; k++)
        {
            to[k] = TWeights.Unpack(from[(nint)k * PanelWidth]);
        }
    }

    public void Dispose()
    {
        _panels.Dispose();
        _bias?.Dispose();
    }

    // Outputs first to end of a layer, a panel's at a time.
    private void Pack(LinearView layer, int firstOutput, LowRankChanges? changes, int first, int end)
    {
        var rows = new float[PanelWidth * Inputs]; // [outputs of a panel, inputs]
        var scratch = new float[Math.Max(Inputs, PanelWidth)];
        var released = first;
        for (var output = first; output < end;)
        {
            var (panel, place) = Math.DivRem(firstOutput + output, PanelWidth);
            var count = Math.Min(PanelWidth - place, end - output);
            ReadRows(layer, output, count, rows, scratch);
            for (var row = 0; row < count; row++)
            {
                changes?.AddTo(layer.Name, output + row, rows.AsSpan(row * Inputs, Inputs), scratch.AsSpan(0, Inputs));
            }

            Transpose(rows, count, _panels.Pointer + ((nint)panel * PanelWidth * Inputs), place);
            output += count;
            if (!layer.IsTransposed && ((long)(output - released) * Inputs >= ReleasedAtOnce || output == end))
            {
                layer.Weight.Release((long)released * Inputs, (long)(output - released) * Inputs);
                released = output;
            }
        }
    }

    private void ReadRows(LinearView layer, int output, int count, float[] rows, float[] scratch)
    {
        if (!layer.IsTransposed)
        {
            layer.Weight.Read((long)output * Inputs, rows.AsSpan(0, count * Inputs));
            return;
        }

        for (var k = 0; k < Inputs; k++)
        {
            layer.Weight.Read(((long)k * layer.Outputs) + output, scratch.AsSpan(0, count));
            for (var row = 0; row < count; row++)
            {
                rows[(row * Inputs) + k] = scratch[row];
            }
        }
    }

    // [rows, inputs] to columns of a panel, from one on: written input after input, since a panel is larger than the first cache.
    private void Transpose(float[] rows, int count, TWeight* to, int firstPlace)
    {
        var places = stackalloc int[count];
        for (var row = 0; row < count; row++)
        {
            places[row] = TWeights.PlaceOf(firstPlace + row);
        }

        fixed (float* from = rows)
        {
            for (nint k = 0; k < Inputs; k++, to += PanelWidth)
            {
                for (nint row = 0; row < count; row++)
                {
                    to[places[row]] = TWeights.Pack(from[(row * Inputs) + k]);
                }
            }
        }
    }
}
