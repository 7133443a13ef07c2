namespace Rlhf.LanguageModels.Transformer;

/// <summary>Equally long sequences that follow each other in a row.</summary>
/// <param name="Sequences">B.</param>
/// <param name="Length">S, tokens of each.</param>
/// <param name="Masks">What each token sees within its own sequence.</param>
internal sealed record SequenceGroup(int Sequences, int Length, CausalMasks Masks)
{
    /// <summary>B · S.</summary>
    public int Tokens => Sequences * Length;
}
