using Rlhf.LanguageModels.Checkpoints;

namespace Rlhf.LanguageModels.Decoding;

/// <summary>A linear layer where it is stored.</summary>
/// <param name="Name">As in the checkpoint, without ".weight".</param>
/// <param name="Outputs">Width of the output.</param>
/// <param name="Inputs">Width of the input.</param>
/// <param name="Weight">[out, in], or [in, out] where it is stored transposed.</param>
/// <param name="Bias">[out], or none.</param>
/// <param name="IsTransposed">Whether the weight is [in, out], as in GPT-2.</param>
internal sealed record LinearView(string Name, int Outputs, int Inputs, WeightView Weight, WeightView? Bias, bool IsTransposed);
