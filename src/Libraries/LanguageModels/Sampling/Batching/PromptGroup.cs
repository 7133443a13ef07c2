using Rlhf.LanguageModels.Decoding;

namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>A prompt, and what waits for its logits. Its keys and values are computed once for all of them.</summary>
internal sealed class PromptGroup(int[] tokens)
{
    private int _holders;

    public int[] Tokens => tokens;

    /// <summary>What has not begun.</summary>
    public Queue<BatchMember> Waiting { get; } = new();

    /// <summary>The prompt's keys and values; null before it is admitted.</summary>
    public DecodingSequence? Sequence { get; private set; }

    /// <summary>After the prompt's last token; null until that has run.</summary>
    public float[]? Logits { get; set; }

    /// <summary>Tokens that have not run.</summary>
    public int TokensLeft => tokens.Length - (Sequence?.Length ?? 0);

    /// <summary>Pages of the largest member behind the prompt.</summary>
    public long LargestMember { get; private set; }

    /// <summary>
    /// Whether pages for the largest member are kept here. One member at a time has them; they come back as long as others wait,
    /// so that a prompt that was computed can always be used up.
    /// </summary>
    public bool HasSlot { get; set; }

    public bool IsAdmitted => Sequence is not null;

    /// <summary>Whether one more can be promised what the others are.</summary>
    public bool CanJoin(long pages) => !IsAdmitted || (Logits is null && pages <= LargestMember);

    public void Join(BatchMember member, long pages)
    {
        Waiting.Enqueue(member);
        LargestMember = Math.Max(LargestMember, pages);
    }

    /// <summary>Begins the prompt. The caller has taken the pages of the prompt and of its largest member.</summary>
    public void Admit(DecodingSequence sequence)
    {
        Sequence = sequence;
        (HasSlot, _holders) = (true, 1);
    }

    /// <summary>A copy of the prompt's sequence for a member.</summary>
    public DecodingSequence Fork()
    {
        _holders++;
        return (Sequence ?? throw new InvalidOperationException("The prompt has not run.")).Fork();
    }

    /// <summary>A member, or the group itself, is done with the prompt's pages.</summary>
    /// <returns>Whether nobody needs them any more.</returns>
    public bool LetGo() => --_holders == 0;
}
