namespace Rlhf.Learner.Data;

/// <summary>A prompt and a response to it as tokens.</summary>
/// <param name="TokenIds">Prompt tokens, then response tokens.</param>
/// <param name="PromptLength">How many of them are the prompt's; at least one, and at least one is the response's.</param>
internal sealed record EncodedExample(int[] TokenIds, int PromptLength)
{
    public int ResponseLength => TokenIds.Length - PromptLength;
}
