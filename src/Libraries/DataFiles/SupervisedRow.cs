using Rlhf.V1;

namespace Rlhf.DataFiles;

/// <summary>A prompt and the response to learn.</summary>
/// <param name="Prompt">What is answered.</param>
/// <param name="Response">Not empty.</param>
public sealed record SupervisedRow(Prompt Prompt, string Response);
