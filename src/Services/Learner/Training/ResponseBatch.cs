using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// Sequences as one batch, and where their response tokens are predicted. Only those N positions go through the
/// vocabulary's head, which is most of a small model's work.
/// </summary>
internal sealed class ResponseBatch : IDisposable
{
    private readonly int[] _lengths; // tokens of each sequence as they stand in the batch
    private readonly Tensor _inputs; // [M] int64, sequence after sequence
    private readonly Tensor _predicting; // [N] int64, places among the M

    private ResponseBatch(IReadOnlyList<EncodedExample> examples, int[] lengths, Device device)
    {
        using var scope = NewDisposeScope();
        _lengths = lengths;
        var inputs = new long[lengths.Sum()];
        var (predicting, targets) = (new List<long>(), new List<long>());
        var start = 0;
        foreach (var (example, length) in examples.Zip(lengths))
        {
            for (var position = 0; position < example.TokenIds.Length - 1; position++) // the last token predicts nothing
            {
                inputs[start + position] = example.TokenIds[position];
            }

            for (var position = example.PromptLength; position < example.TokenIds.Length; position++)
            {
                predicting.Add(start + position - 1);
                targets.Add(example.TokenIds[position]);
            }

            start += length;
        }

        _inputs = tensor(inputs, device: device).DetachFromDisposeScope(); // [M]
        _predicting = tensor(predicting.ToArray(), device: device).DetachFromDisposeScope(); // [N]
        Targets = tensor(targets.ToArray(), device: device).DetachFromDisposeScope(); // [N]
    }

    /// <summary>Padded to the longest: all attend in one call, and padding is computed for nothing.</summary>
    public static ResponseBatch Padded(IReadOnlyList<EncodedExample> examples, Device device)
    {
        var longest = examples.Max(example => example.TokenIds.Length - 1);
        return new ResponseBatch(examples, [.. examples.Select(_ => longest)], device);
    }

    /// <summary>One after the other in a row, each attending only to itself: no padding, and a call of attention for each length.</summary>
    public static ResponseBatch Packed(IReadOnlyList<EncodedExample> examples, Device device) =>
        new(examples, [.. examples.Select(example => example.TokenIds.Length - 1)], device);

    /// <summary>[N] int64, the response tokens, sequence after sequence.</summary>
    public Tensor Targets { get; }

    /// <summary>N, response tokens in the batch.</summary>
    public long Count => Targets.shape[0];

    /// <summary>The hidden states from which the response tokens are predicted. The caller owns the result, [N, C].</summary>
    public Tensor Hidden(CausalLanguageModel model)
    {
        using var scope = NewDisposeScope();
        return model.Hidden(_inputs, _lengths).index_select(0, _predicting).MoveToOuterDisposeScope(); // [N, C]
    }

    public void Dispose()
    {
        _inputs.Dispose();
        _predicting.Dispose();
        Targets.Dispose();
    }
}
