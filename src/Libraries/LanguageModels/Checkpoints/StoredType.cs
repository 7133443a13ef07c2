using static TorchSharp.torch;

namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>A number format of safetensors files.</summary>
/// <param name="Name">As in the header.</param>
/// <param name="Size">Bytes a number.</param>
/// <param name="Type">The tensor type; null for what weights can't be read from.</param>
internal sealed record StoredType(string Name, int Size, ScalarType? Type)
{
    private static readonly StoredType[] s_all =
    [
        new("F32", 4, ScalarType.Float32),
        new("BF16", 2, ScalarType.BFloat16),
        new("F16", 2, ScalarType.Float16),
        new("BOOL", 1, null), new("U8", 1, null), new("I8", 1, null), new("F8_E4M3", 1, null), new("F8_E5M2", 1, null), new("F8_E8M0", 1, null),
        new("U16", 2, null), new("I16", 2, null),
        new("U32", 4, null), new("I32", 4, null),
        new("U64", 8, null), new("I64", 8, null), new("F64", 8, null), new("C64", 8, null),
    ];

    /// <summary>The format of that name, or null.</summary>
    public static StoredType? Find(string? name) => Array.Find(s_all, type => type.Name == name);
}
