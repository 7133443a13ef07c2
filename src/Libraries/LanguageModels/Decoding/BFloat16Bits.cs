namespace Rlhf.LanguageModels.Decoding;

/// <summary>bfloat16 as the upper half of a float32.</summary>
internal static class BFloat16Bits
{
    /// <summary>To the nearest, ties to even; NaN stays NaN.</summary>
    public static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
