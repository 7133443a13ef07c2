namespace Rlhf.Clients.Reward;

/// <summary>What is wrong with one field of a request.</summary>
/// <param name="Field">Its name in the contract.</param>
/// <param name="Description">What is wrong, and what would be right.</param>
public sealed record FieldViolation(string Field, string Description);
