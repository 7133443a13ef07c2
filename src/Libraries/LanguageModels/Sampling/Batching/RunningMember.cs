using Rlhf.LanguageModels.Decoding;

namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>A member that has begun.</summary>
/// <param name="Member">Which.</param>
/// <param name="Group">Its prompt.</param>
/// <param name="Sequence">Its own copy of the prompt's sequence; null where the prompt's logits were all it needed.</param>
/// <param name="Pages">What it holds of the budget.</param>
/// <param name="HoldsSlot">Whether those are its group's.</param>
internal sealed record RunningMember(BatchMember Member, PromptGroup Group, DecodingSequence? Sequence, long Pages, bool HoldsSlot)
{
    /// <summary>Tokens behind the prompt that have run.</summary>
    public int Appended => Sequence is null ? 0 : Sequence.Length - Group.Tokens.Length;

    /// <summary>Rows that it could have in the next step.</summary>
    public int RowsWanted => Sequence is null ? 0 : Member.KnownTokens - Appended;
}
