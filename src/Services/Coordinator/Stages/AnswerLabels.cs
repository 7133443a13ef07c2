using Rlhf.Coordinator.Prompts;
using Rlhf.TinyAssistant;

namespace Rlhf.Coordinator.Stages;

/// <summary>Asks the oracle of the embedded model's world, which no training stage uses.</summary>
internal static class AnswerLabels
{
    /// <summary>The label of an answer; null where the oracle does not know the prompt.</summary>
    public static AnswerLabel? Of(RunPrompt prompt, string answer) =>
        AnswerOracle.Default.Knows(prompt.Text) ? AnswerOracle.Default.Label(prompt.Text, answer) : null;
}
