namespace Rlhf.RuleLabeller;

/// <summary>How labellers label.</summary>
/// <param name="ValueOf">The rule: the value of an answer to a request; the higher one is better.</param>
/// <param name="Noise">How often the opposite of the rule is said.</param>
/// <param name="Pause">How long a labeller thinks about a pair.</param>
internal sealed record LabellingHabits(Func<string, string, int> ValueOf, double Noise, TimeSpan Pause);
