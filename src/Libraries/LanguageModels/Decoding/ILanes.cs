namespace Rlhf.LanguageModels.Decoding;

/// <summary>A width of the processor's vector registers, and a type in which weights are kept. Arithmetic is float32 always.</summary>
/// <typeparam name="TVector">A register of float32 numbers.</typeparam>
/// <typeparam name="TWeight">What a weight is kept as.</typeparam>
internal interface ILanes<TVector, TWeight>
    where TVector : struct
    where TWeight : unmanaged
{
    /// <summary>Numbers in a register.</summary>
    static abstract int Count { get; }

    /// <summary>Packs a weight.</summary>
    static abstract TWeight Pack(float weight);

    /// <summary>A packed weight's value.</summary>
    static abstract float Unpack(TWeight weight);

    /// <summary>The next <see cref="Count"/> weights.</summary>
    static abstract unsafe TVector LoadWeights(TWeight* from);

    /// <summary>The next <see cref="Count"/> numbers.</summary>
    static abstract unsafe TVector Load(float* from);

    /// <summary>The same number in all places.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>a · b + sum.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector sum);

    /// <summary>Writes a register.</summary>
    static abstract unsafe void Store(TVector value, float* to);
}
