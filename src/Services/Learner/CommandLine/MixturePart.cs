using Rlhf.Learner.CommandLine.Configuration;

namespace Rlhf.Learner.CommandLine;

/// <summary>One file of a mixture.</summary>
/// <param name="Source">As the config names it.</param>
/// <param name="Record">What there was in it.</param>
/// <param name="Rows">What is used of it.</param>
internal sealed record MixturePart<T>(DataSource Source, DataRecord Record, IReadOnlyList<T> Rows);
