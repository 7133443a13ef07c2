using Rlhf.Coordinator.Agreement;

namespace Rlhf.Coordinator.Ratings;

/// <summary>What a rater said of a pair of answers.</summary>
/// <param name="Rater">Who: a person, or a program in their place, or a version of the judge.</param>
/// <param name="IsPerson">False for a judge.</param>
/// <param name="Choice">What they said.</param>
/// <param name="Principle">What the judge judged by; null for a person.</param>
internal readonly record struct Opinion(string Rater, bool IsPerson, Choice Choice, string? Principle);
