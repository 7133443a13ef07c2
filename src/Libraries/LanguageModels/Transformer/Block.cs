using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Attention and a gated feed-forward layer (SwiGLU; Shazeer 2020, arXiv:2002.05202), each normalised before and added to the stream.</summary>
internal sealed class Block(RmsNorm attentionNorm, Attention attention, RmsNorm feedForwardNorm, Projection gate, Projection up, Projection down)
{
    /// <summary>[B, S, C] to [B, S, C], over whole sequences.</summary>
    public Tensor Forward(Tensor x, (Tensor Cosine, Tensor SignedSine) rotary, KeyValueCache.Layer? cache)
    {
        using var scope = NewDisposeScope();
        var attended = x + attention.Forward(attentionNorm.Forward(x), rotary, cache); // [B, S, C]
        return FeedForward(attended).MoveToOuterDisposeScope(); // [B, S, C]
    }

    /// <summary>[B, 1, C] to [B, 1, C], one new token a row.</summary>
    public Tensor Step(Tensor x, (Tensor Cosine, Tensor SignedSine) rotary, KeyValueCache cache, KeyValueCache.Layer layer)
    {
        using var scope = NewDisposeScope();
        var attended = x + attention.Step(attentionNorm.Forward(x), rotary, cache, layer); // [B, 1, C]
        return FeedForward(attended).MoveToOuterDisposeScope(); // [B, 1, C]
    }

    private Tensor FeedForward(Tensor x)
    {
        var normalised = feedForwardNorm.Forward(x); // [B, S, C]
        var hidden = nn.functional.silu(gate.Forward(normalised)) * up.Forward(normalised); // [B, S, F]
        return x + down.Forward(hidden); // [B, S, C]
    }
}
