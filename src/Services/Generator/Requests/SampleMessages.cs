using Rlhf.LanguageModels.Sampling;
using Rlhf.V1;

namespace Rlhf.Generator.Requests;

/// <summary>Drawn responses as messages.</summary>
internal static class SampleMessages
{
    public static IEnumerable<Sample> From(IEnumerable<SampledSequence> sampled) => sampled.Select(s => new Sample
    {
        TokenIds = { s.TokenIds },
        Logprobs = { s.Logprobs },
        Text = s.Text,
        FinishReason = Finish(s.Finish),
    });

    /// <summary>A token of a response that is still being drawn.</summary>
    /// <param name="index">Which sample.</param>
    /// <param name="token">What was drawn.</param>
    /// <param name="text">The text that is certain with it.</param>
    public static GenerateChunk Chunk(int index, DrawnToken token, string text) => new()
    {
        SampleIndex = index,
        Text = text,
        TokenIds = { token.Token },
        Logprobs = { token.Logprob },
        FinishReason = token.Finish is { } finish ? Finish(finish) : FinishReason.Unspecified,
    };

    private static FinishReason Finish(FinishKind finish) => finish switch
    {
        FinishKind.EndOfSequence => FinishReason.EndOfSequence,
        FinishKind.Stop => FinishReason.Stop,
        _ => FinishReason.Length,
    };
}
