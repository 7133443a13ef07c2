namespace Rlhf.LanguageModels.Decoding;

/// <summary>What weights are kept as, and how they get into a register as float32.</summary>
/// <typeparam name="TVector">A register.</typeparam>
/// <typeparam name="TWeight">A kept weight.</typeparam>
internal interface IWeights<TVector, TWeight>
    where TVector : struct
    where TWeight : unmanaged
{
    /// <summary>Packs a weight.</summary>
    static abstract TWeight Pack(float weight);

    /// <summary>A packed weight's value.</summary>
    static abstract float Unpack(TWeight weight);

    /// <summary>A register full of the next weights.</summary>
    static abstract unsafe TVector LoadWeights(TWeight* from);
}
