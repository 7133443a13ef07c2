using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>
/// Whole sequences one after the other in a row of N tokens. Only attention and positions need to know where each begins: all else works
/// token by token, so that nothing is spent on padding.
/// </summary>
/// <param name="lengths">Tokens of each sequence, in their order.</param>
internal sealed class RowLayout(IReadOnlyList<int> lengths)
{
    /// <summary>Tokens of the longest sequence.</summary>
    public int Longest { get; } = lengths.Max();

    /// <summary>[N] int64, each token's position in its own sequence.</summary>
    public Tensor Positions(Device device) =>
        tensor(lengths.SelectMany(length => Enumerable.Range(0, length)).Select(position => (long)position).ToArray()).to(device); // [N]

    /// <summary>Neighbours of one length together, which attend in one call. The masks belong to the caller's scope.</summary>
    public IReadOnlyList<SequenceGroup> Groups(ModelConfig config, Device device)
    {
        var groups = new List<SequenceGroup>();
        foreach (var length in lengths)
        {
            if (groups.Count > 0 && groups[^1].Length == length)
            {
                groups[^1] = groups[^1] with { Sequences = groups[^1].Sequences + 1 };
            }
            else
            {
                groups.Add(new SequenceGroup(1, length, new CausalMasks(config, length, device)));
            }
        }

        return groups;
    }
}
