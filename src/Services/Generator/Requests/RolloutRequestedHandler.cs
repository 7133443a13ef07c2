using Rlhf.Messaging;
using Rlhf.Tokenization;
using Rlhf.V1;

namespace Rlhf.Generator.Requests;

/// <summary>rollouts.requested to rollouts.generated.</summary>
internal sealed class RolloutRequestedHandler(PromptSampler sampler, TextTokenizer tokenizer, MessagePublisher publisher)
    : IMessageHandler<RolloutRequested>
{
    public async Task HandleAsync(RolloutRequested message, CancellationToken cancellationToken)
    {
        var generated = new RolloutGenerated
        {
            Header = ResultHeader.For(message.Header),
            PromptId = message.PromptId,
            PolicyVersion = message.PolicyVersion,
            Sampling = message.Sampling,
            RewardModelVersion = message.RewardModelVersion,
            RewardHead = message.RewardHead,
            TokenizerHash = tokenizer.Hash,
        };
        try
        {
            var sampled = await sampler.SampleAsync(message.Prompt, message.PolicyVersion, message.Sampling, message.Samples, cancellationToken);
            generated.PromptTokenIds.Add(sampled.PromptTokens);
            generated.Samples.Add(SampleMessages.From(sampled.Samples));
            generated.PolicyVersion = sampled.VersionId;
        }
        catch (ItemException exception)
        {
            generated.Error = exception.Error;
        }

        await publisher.PublishAsync(RoutingKeys.RolloutsGenerated, generated.Header.MessageId, generated, cancellationToken);
    }
}
