namespace Rlhf.Coordinator.Web;

/// <summary>The answers of the run's models to one prompt, by the models' labels.</summary>
internal sealed record AnswerSample(string Prompt, string Kind, IReadOnlyDictionary<string, AnswerText> Answers);
