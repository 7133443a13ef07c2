namespace Rlhf.TinyAssistant;

/// <summary>One comparison whose better answer is known, in both orders.</summary>
/// <param name="BetterFirst">The prompt with the better answer as option A.</param>
/// <param name="BetterSecond">The prompt with the better answer as option B.</param>
public sealed record JudgementCase(string BetterFirst, string BetterSecond);
