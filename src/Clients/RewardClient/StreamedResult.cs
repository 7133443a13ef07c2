namespace Rlhf.Clients.Reward;

/// <summary>The answer to one item of a stream.</summary>
/// <param name="Index">The item's place among those that went in, from 0.</param>
/// <param name="Item">What went in.</param>
/// <param name="Result">What came out.</param>
public sealed record StreamedResult(long Index, RewardItem Item, ItemResult Result);
