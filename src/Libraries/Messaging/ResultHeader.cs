using Rlhf.V1;

namespace Rlhf.Messaging;

/// <summary>Headers of messages that answer a request.</summary>
public static class ResultHeader
{
    /// <summary>
    /// The request's place in its run under the request's own id: whoever asked finds the answer by the id that it asked with, and
    /// routing key and id together say which of several facts about one request this is.
    /// </summary>
    /// <param name="request">The request's header.</param>
    /// <exception cref="ArgumentException">The request has no message id.</exception>
    public static MessageHeader For(MessageHeader? request) =>
        string.IsNullOrEmpty(request?.MessageId)
            ? throw new ArgumentException("A request must carry header.message_id.", nameof(request))
            : request.Clone();
}
