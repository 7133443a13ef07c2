using static TorchSharp.torch;

namespace Rlhf.PolicyOptimization;

/// <summary>What generalized advantage estimation gives.</summary>
/// <param name="Advantages">[B, T], not whitened, zero outside the mask.</param>
/// <param name="Returns">[B, T], advantage + value, zero outside the mask.</param>
public sealed record AdvantageEstimate(Tensor Advantages, Tensor Returns) : IDisposable
{
    /// <summary>Disposes both tensors.</summary>
    public void Dispose()
    {
        Advantages.Dispose();
        Returns.Dispose();
    }
}
