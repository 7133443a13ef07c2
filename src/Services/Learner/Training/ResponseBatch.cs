using Rlhf.LanguageModels;
using Rlhf.Learner.Data;
using static TorchSharp.torch;

namespace Rlhf.Learner.Training;

/// <summary>
/// Sequences as one padded batch, and where their response tokens are predicted. Only those N positions go through the
/// vocabulary's head, which is most of a small model's work.
/// </summary>
internal sealed class ResponseBatch : IDisposable
{
    private readonly TokenBatch _inputs;
    private readonly Tensor _predictingRows; // [N] int64, into the flattened [B · S]

    public ResponseBatch(IReadOnlyList<EncodedExample> examples, Device device)
    {
        using var scope = NewDisposeScope();
        // A sequence's last token predicts nothing.
        _inputs = new TokenBatch([.. examples.Select(example => example.TokenIds[..^1])], device);
        var width = _inputs.Ids.shape[1];
        var rows = new List<long>();
        var targets = new List<long>();
        for (var row = 0; row < examples.Count; row++)
        {
            var example = examples[row];
            for (var position = example.PromptLength; position < example.TokenIds.Length; position++)
            {
                rows.Add((row * width) + position - 1);
                targets.Add(example.TokenIds[position]);
            }
        }

        _predictingRows = tensor(rows.ToArray(), device: device).DetachFromDisposeScope(); // [N]
        Targets = tensor(targets.ToArray(), device: device).DetachFromDisposeScope(); // [N]
    }

    /// <summary>[N] int64, the response tokens, sequence after sequence.</summary>
    public Tensor Targets { get; }

    /// <summary>N, response tokens in the batch.</summary>
    public long Count => Targets.shape[0];

    /// <summary>The hidden states from which the response tokens are predicted. The caller owns the result, [N, C].</summary>
    public Tensor Hidden(CausalLanguageModel model)
    {
        using var scope = NewDisposeScope();
        var hidden = model.Hidden(_inputs.Ids); // [B, S, C]
        return hidden.flatten(0, 1).index_select(0, _predictingRows).MoveToOuterDisposeScope(); // [N, C]
    }

    public void Dispose()
    {
        _inputs.Dispose();
        _predictingRows.Dispose();
        Targets.Dispose();
    }
}
