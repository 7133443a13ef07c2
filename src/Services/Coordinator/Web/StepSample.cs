namespace Rlhf.Coordinator.Web;

/// <summary>A prompt with the answers that one step of a stage sampled, the best score first.</summary>
internal sealed record StepSample(string Prompt, IReadOnlyList<AnswerText> Answers);
