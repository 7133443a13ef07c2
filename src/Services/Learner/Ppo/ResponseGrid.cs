using static TorchSharp.torch;

namespace Rlhf.Learner.Ppo;

/// <summary>Numbers per response token between two forms: one array a response, and one padded tensor for all.</summary>
/// <param name="lengths">Tokens of each response.</param>
internal sealed class ResponseGrid(IReadOnlyList<int> lengths)
{
    private readonly int _width = lengths.Max();

    /// <summary>[B, T] bool, true on sampled tokens. The caller owns it.</summary>
    public Tensor Mask()
    {
        var mask = new bool[lengths.Count * _width];
        for (var row = 0; row < lengths.Count; row++)
        {
            mask.AsSpan(row * _width, lengths[row]).Fill(true);
        }

        return tensor(mask, lengths.Count, _width); // [B, T]
    }

    /// <summary>[B, T] float32, zero where there is no token. The caller owns it.</summary>
    public Tensor ToTensor(IReadOnlyList<float[]> rows)
    {
        var numbers = new float[lengths.Count * _width];
        for (var row = 0; row < lengths.Count; row++)
        {
            rows[row].CopyTo(numbers.AsSpan(row * _width, lengths[row]));
        }

        return tensor(numbers, lengths.Count, _width); // [B, T]
    }

    /// <summary>One array a response, without the padding.</summary>
    public float[][] ToRows(Tensor grid)
    {
        var numbers = grid.data<float>().ToArray();
        return [.. lengths.Select((length, row) => numbers.AsSpan(row * _width, length).ToArray())];
    }
}
