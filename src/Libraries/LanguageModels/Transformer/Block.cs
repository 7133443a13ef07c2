using Rlhf.Tensors;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Attention and a feed-forward layer, each normalised before, and some after, and added to the stream.</summary>
internal sealed class Block(Norm attentionNorm, Attention attention, Norm? attentionPostNorm, FeedForward feedForward)
{
    public Norm AttentionNorm => attentionNorm;

    public Attention Attention => attention;

    public Norm? AttentionPostNorm => attentionPostNorm;

    public FeedForward FeedForward => feedForward;

    /// <summary>[1, N, C] to [1, N, C], over whole sequences that stand one after the other.</summary>
    /// <param name="productType">Of the linear layers; the stream, norms and attention keep the input's type.</param>
    public Tensor Forward(Tensor x, (Tensor Cosine, Tensor SignedSine)? rotary, IReadOnlyList<SequenceGroup> groups, ScalarType productType)
    {
        using var scope = NewDisposeScope();
        var attended = attention.Forward(attentionNorm.Forward(x).to(productType), rotary, groups); // [1, N, C]
        return feedForward.Forward(Add(x, attended), productType).MoveToOuterDisposeScope(); // [1, N, C]
    }

    /// <summary>[R, 1, C] to [R, 1, C], one new token a row.</summary>
    public Tensor Step(Tensor x, (Tensor Cosine, Tensor SignedSine)? rotary, PagedStep step)
    {
        using var scope = NewDisposeScope();
        var attended = attention.Step(attentionNorm.Forward(x), rotary, step); // [R, 1, C]
        return feedForward.Forward(Add(x, attended), x.dtype).MoveToOuterDisposeScope(); // [R, 1, C]
    }

    private Tensor Add(Tensor x, Tensor attended) => x.Plus(attentionPostNorm?.Forward(attended) ?? attended); // [1, N, C]
}
