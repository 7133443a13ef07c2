namespace Rlhf.Coordinator.Stages;

/// <summary>What an answer does, by the oracle of the embedded model's world.</summary>
internal enum AnswerLabel
{
    Complies,
    Helps,
    Declines,
    Rambles,
}
