namespace Rlhf.LanguageModels.Configuration;

/// <summary>The bands of Llama 3.1's scaling ("llama3"; arXiv:2407.21783): slow frequencies are slowed, fast ones kept, those between blended.</summary>
/// <param name="LowFrequencyFactor">Turns within the original context up to which a frequency is slowed in full.</param>
/// <param name="HighFrequencyFactor">Turns from which it is kept; more than the low factor.</param>
/// <param name="OriginalContext">The context of the first training, in tokens.</param>
public sealed record RopeBands(double LowFrequencyFactor, double HighFrequencyFactor, int OriginalContext);
