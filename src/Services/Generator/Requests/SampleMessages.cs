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
        FinishReason = s.Finish switch
        {
            FinishKind.EndOfSequence => FinishReason.EndOfSequence,
            FinishKind.Stop => FinishReason.Stop,
            _ => FinishReason.Length,
        },
    });
}
