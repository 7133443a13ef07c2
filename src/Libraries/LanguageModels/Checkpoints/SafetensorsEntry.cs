namespace Rlhf.LanguageModels.Checkpoints;

/// <summary>A tensor of a safetensors file.</summary>
/// <param name="Type">Its number format.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Start">Its first byte, counted from the end of the header.</param>
/// <param name="End">The byte after its last.</param>
internal sealed record SafetensorsEntry(StoredType Type, long[] Shape, long Start, long End);
