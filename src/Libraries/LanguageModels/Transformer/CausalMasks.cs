using Rlhf.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>Which tokens of a whole sequence each of its tokens sees, where attention's own causal mask isn't enough.</summary>
internal sealed class CausalMasks
{
    private static readonly Scalar s_zero = 0;

    private readonly ModelConfig _config;
    private readonly Tensor? _all; // [S, S] bool, true where row sees column
    private readonly Tensor? _windowed; // [S, S] bool

    public CausalMasks(ModelConfig config, long length, Device device)
    {
        _config = config;
        var isLimited = config.Window is { } window && length > window.Width;
        if (!isLimited && config.AttentionSoftCap is null)
        {
            return;
        }

        var positions = TensorArithmetic.CountTo(length, int64, device); // [S]
        var ages = positions.unsqueeze(1) - positions; // [S, S], how many tokens ago
        var seen = ages >= s_zero; // [S, S]
        _all = config.AttentionSoftCap is null ? null : seen;
        _windowed = isLimited && config.Window is { Width: var width } ? seen.logical_and(ages.Minus(width) < s_zero) : _all; // [S, S]
    }

    /// <summary>A layer's mask; null where all earlier tokens are seen and the fused kernel can say so.</summary>
    public Tensor? Of(int layer) => _config.Window?.Covers(layer) == true ? _windowed : _all;
}
