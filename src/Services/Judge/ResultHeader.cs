using Rlhf.V1;

namespace Rlhf.Judge;

/// <summary>The header of a result message.</summary>
internal static class ResultHeader
{
    /// <summary>The request's place in its run, under an id that is a function of the request's.</summary>
    /// <exception cref="ArgumentException">The request has no message id.</exception>
    public static MessageHeader For(MessageHeader? request, string routingKey)
    {
        if (string.IsNullOrEmpty(request?.MessageId))
        {
            throw new ArgumentException("a request must carry header.message_id", nameof(request));
        }
        return new MessageHeader(request) { MessageId = $"{request.MessageId}/{routingKey}" };
    }
}
