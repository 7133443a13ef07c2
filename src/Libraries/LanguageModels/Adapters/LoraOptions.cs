using System.ComponentModel.DataAnnotations;

namespace Rlhf.LanguageModels.Adapters;

/// <summary>Shape of a low-rank adapter (Hu et al. 2021, arXiv:2106.09685).</summary>
public sealed record LoraOptions
{
    /// <summary>r, the rank. 1 is about 1 % of the weights of a model with one to two million.</summary>
    [Range(1, 1024)]
    public int Rank { get; init; } = 1;

    /// <summary>α; the adapter's output is scaled by α / r.</summary>
    [Range(1e-6, 1e6)]
    public double Alpha { get; init; } = 2;
}
