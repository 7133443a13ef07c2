namespace Rlhf.LanguageModels.Decoding;

/// <summary>What packed weights are kept as.</summary>
public enum WeightFormat
{
    /// <summary>float32: as exact as the checkpoint.</summary>
    Full,

    /// <summary>bfloat16: half the memory, and up to twice the speed for few rows; 8 bits of precision. Sums are float32.</summary>
    Half,
}
