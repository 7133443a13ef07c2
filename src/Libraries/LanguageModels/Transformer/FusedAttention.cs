using TorchSharp;
using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Transformer;

/// <summary>
/// PyTorch's fused attention with the arguments that TorchSharp's doesn't have: a scale, and several query heads a key-value head
/// without a copy of keys and values for each.
/// </summary>
internal static class FusedAttention
{
    // A mistake in here would end the process, so nothing is put together at run time.
    private const string Source =
        """
        def attend(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], scale: float, grouped: bool) -> Tensor:
            return torch.scaled_dot_product_attention(q, k, v, mask, 0.0, mask is None, scale=scale, enable_gqa=grouped)

        def causal(q: Tensor, k: Tensor, v: Tensor, scale: float, grouped: bool) -> Tensor:
            return attend(q, k, v, None, scale, grouped)

        def masked(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, scale: float, grouped: bool) -> Tensor:
            return attend(q, k, v, mask, scale, grouped)

        """;

    private static readonly Lazy<jit.CompilationUnit> s_functions = new(() => jit.compile(Source));

    /// <summary>[B, H, S, D] of queries [B, H, S, D] and keys and values [B, K, S, D], H a multiple of K; all in one type.</summary>
    /// <param name="seen">[S, S] bool, true where row sees column; null is each token's past and itself.</param>
    /// <param name="scale">Of the products of queries and keys; the caller keeps it.</param>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? seen, Scalar scale)
    {
        var group = q.shape[1] / k.shape[1]; // G
        // Elsewhere than on the processor, the fast kernels want a head each.
        var isGrouped = group > 1 && q.device_type == DeviceType.CPU;
        var (keys, values) = isGrouped ? (k, v) : (Repeat(k, group), Repeat(v, group)); // [B, K or H, S, D]
        return (Tensor)(seen is null
            ? s_functions.Value.invoke("causal", q, keys, values, scale, isGrouped)
            : s_functions.Value.invoke("masked", q, keys, values, seen, scale, isGrouped)); // [B, H, S, D]
    }

    /// <summary>Each head G times: [B, K, S, D] to [B, H, S, D].</summary>
    public static Tensor Repeat(Tensor x, long group) => group == 1
        ? x
        : x.unsqueeze(2).expand(x.shape[0], x.shape[1], group, x.shape[2], x.shape[3]).reshape(x.shape[0], -1, x.shape[2], x.shape[3]); // [B, H, S, D]
}
