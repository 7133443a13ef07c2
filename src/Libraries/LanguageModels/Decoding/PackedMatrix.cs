using System.Runtime.InteropServices;
using Rlhf.LanguageModels.Transformer;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>Weights of one or more linear layers over the same input, laid out for <see cref="Kernels{TVector, TLanes, TWeight, TWeights}"/>.</summary>
internal sealed unsafe class PackedMatrix<TVector, TLanes, TWeight, TWeights> : IDisposable
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
    where TWeight : unmanaged
    where TWeights : struct, IWeights<TVector, TWeight>
{
    private readonly AlignedBuffer<TWeight> _panels;
    private readonly AlignedBuffer<float>? _bias; // [Stride]; null where the layers have none

    /// <param name="inputs">Inputs of each layer.</param>
    /// <param name="outputs">Outputs of all layers together; rounded up to whole panels, whose last outputs are 0.</param>
    /// <param name="hasBias">Whether the layers add a bias.</param>
    public PackedMatrix(int inputs, int outputs, bool hasBias = false)
    {
        Inputs = inputs;
        PanelCount = (outputs + PanelWidth - 1) / PanelWidth;
        _panels = new AlignedBuffer<TWeight>((long)PanelCount * PanelWidth * inputs);
        _bias = hasBias ? new AlignedBuffer<float>(Stride) : null;
    }

    public static int PanelWidth => Kernels<TVector, TLanes, TWeight, TWeights>.PanelWidth;

    public int Inputs { get; }

    public int PanelCount { get; }

    /// <summary>Outputs with the rounding; the distance of two rows of a product.</summary>
    public int Stride => PanelCount * PanelWidth;

    public long Bytes => _panels.Length * sizeof(TWeight);

    /// <summary>Lays out layers with all their outputs side by side, in place of what was there.</summary>
    public void Pack(IReadOnlyList<Projection> layers)
    {
        using var scope = NewDisposeScope();
        var firstOutput = 0;
        foreach (var layer in layers)
        {
            Pack(layer.IsTransposed ? layer.Weight.t() : layer.Weight, firstOutput);
            if (_bias is not null && layer.Bias is { } bias)
            {
                bias.detach().to(float32).data<float>().CopyTo(new Span<float>(_bias.Pointer + firstOutput, (int)layer.Outputs));
            }

            firstOutput += (int)layer.Outputs;
        }
    }

    /// <summary>Lays out a layer's weights, in place of what was there.</summary>
    /// <param name="weight">[out, in], in the processor's memory.</param>
    /// <param name="firstOutput">Where the layer's outputs begin among those of all layers.</param>
    public void Pack(Tensor weight, int firstOutput)
    {
        using var scope = NewDisposeScope();
        var source = weight.detach().to(float32).contiguous(); // [out, in]
        if (source.device_type != TorchSharp.DeviceType.CPU || source.shape is not [var outputs, var inputs] || inputs != Inputs || firstOutput + outputs > Stride)
        {
            throw new ArgumentException($"A weight of [{string.Join(", ", weight.shape)}] on {weight.device} doesn't fit {Inputs} inputs and {Stride} outputs.", nameof(weight));
        }

        fixed (float* from = MemoryMarshal.Cast<byte, float>(source.bytes))
        {
            for (var output = 0; output < outputs; output++)
            {
                var (panel, place) = Math.DivRem(firstOutput + output, PanelWidth);
                var to = _panels.Pointer + ((nint)panel * PanelWidth * Inputs) + place;
                var row = from + ((nint)output * Inputs);
                for (nint k = 0; k < Inputs; k++)
                {
                    to[k * PanelWidth] = TWeights.Pack(row[k]);
                }
            }
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
        var from = _panels.Pointer + ((nint)panel * PanelWidth * Inputs) + place;
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
}
