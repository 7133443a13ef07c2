namespace Rlhf.LanguageModels.Decoding;

/// <summary>Float32 arithmetic on a width of the processor's vector registers.</summary>
/// <typeparam name="TVector">A register.</typeparam>
internal interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Numbers in a register.</summary>
    static abstract int Count { get; }

    /// <summary>The next <see cref="Count"/> numbers.</summary>
    static abstract unsafe TVector Load(float* from);

    /// <summary>The same number in all places.</summary>
    static abstract TVector Broadcast(float value);

    /// <summary>a · b + sum.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector sum);

    /// <summary>Writes a register.</summary>
    static abstract unsafe void Store(TVector value, float* to);
}
