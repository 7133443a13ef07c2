namespace Rlhf.Clients.Reward;

/// <summary>What happens to an item that is longer than the model's context.</summary>
public enum Truncation
{
    /// <summary>It fails, with <see cref="ItemFailureCode.TooLong"/>.</summary>
    Fail = 0,

    /// <summary>Its front is cut off; <see cref="Score.IsTruncated"/> says so.</summary>
    KeepEnd = 1,
}
