using System.Diagnostics.CodeAnalysis;

namespace Rlhf.Clients.Reward;

/// <summary>What became of one item: a score, or the reason why there is none.</summary>
public sealed record ItemResult
{
    private ItemResult(Score? score, ItemFailure? failure) => (Score, Failure) = (score, failure);

    /// <summary>The score; null where the item failed.</summary>
    public Score? Score { get; }

    /// <summary>Why it failed; null where there is a score.</summary>
    public ItemFailure? Failure { get; }

    /// <summary>Whether there is a score.</summary>
    [MemberNotNullWhen(true, nameof(Score))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsScored => Score is not null;

    /// <summary>The score, for who can't go on without.</summary>
    /// <exception cref="RewardItemException">The item failed.</exception>
    public Score Required => Score ?? throw new RewardItemException(Failure ?? throw new InvalidOperationException("A result has neither score nor failure."));

    internal static ItemResult Of(Score score) => new(score, null);

    internal static ItemResult Of(ItemFailure failure) => new(null, failure);
}
