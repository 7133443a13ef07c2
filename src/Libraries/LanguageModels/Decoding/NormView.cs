using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>A norm where it is stored.</summary>
/// <param name="Weight">[C].</param>
/// <param name="Bias">[C], or none.</param>
internal sealed record NormView(WeightView Weight, WeightView? Bias);
