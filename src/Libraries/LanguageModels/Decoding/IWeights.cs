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

    /// <summary>Where a panel keeps an output's weight, among those of one input.</summary>
    /// <param name="output">Of the panel's, from 0.</param>
    static abstract int PlaceOf(int output);

    /// <summary>A panel's weights of one input: its first and its second register full of outputs.</summary>
    static abstract unsafe (TVector First, TVector Second) LoadPanel(TWeight* from);
}
