namespace Rlhf.Clients.Reward;

/// <summary>A score was needed and the item has none.</summary>
/// <param name="failure">Why.</param>
public sealed class RewardItemException(ItemFailure failure) : Exception(failure.Message)
{
    /// <summary>Why there is no score.</summary>
    public ItemFailure Failure => failure;
}
