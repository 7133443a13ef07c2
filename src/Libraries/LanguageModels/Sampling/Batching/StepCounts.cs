namespace Rlhf.LanguageModels.Sampling.Batching;

/// <summary>What a step of a running batch did.</summary>
/// <param name="Rows">Tokens that ran through the model; 0 where only the cancelled left.</param>
/// <param name="Drawn">Tokens that were drawn.</param>
public readonly record struct StepCounts(int Rows, int Drawn);
