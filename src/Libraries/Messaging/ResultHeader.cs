using Rlhf.V1;

namespace Rlhf.Messaging;

/// <summary>Headers of messages that answer a request.</summary>
public static class ResultHeader
{
    /// <summary>The request's place in its run, under an id that is a function of the request's, so that answering twice writes once.</summary>
    /// <param name="request">The request's header.</param>
    /// <param name="routingKey">The routing key of the answer.</param>
    /// <exception cref="ArgumentException">The request has no message id.</exception>
    public static MessageHeader For(MessageHeader? request, string routingKey)
    {
        if (string.IsNullOrEmpty(request?.MessageId))
        {
            throw new ArgumentException("A request must carry header.message_id.", nameof(request));
        }

        return new MessageHeader(request) { MessageId = $"{request.MessageId}/{routingKey}" };
    }
}
