namespace Rlhf.Clients.Reward;

/// <summary>The token ids that would be scored for an item, or why there are none.</summary>
/// <param name="TokenIds">Empty where the item failed.</param>
/// <param name="TokenizerHash">Of the tokenizer that made them; empty where the item failed.</param>
/// <param name="Failure">Null where there are tokens.</param>
public sealed record TokenizedItem(IReadOnlyList<int> TokenIds, string TokenizerHash, ItemFailure? Failure);
