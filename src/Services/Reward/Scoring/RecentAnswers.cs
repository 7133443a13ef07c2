using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using Rlhf.V1;

namespace Rlhf.Reward.Scoring;

/// <summary>
/// The answers of the last requests that had an id: a request that is sent again, because its caller saw no answer, gets the same
/// one and is computed once, also when "latest" has moved on in between. This process remembers the last ones itself, and those of other
/// replicas through <see cref="SharedAnswers"/>.
/// </summary>
internal sealed class RecentAnswers(SharedAnswers shared)
{
    private const int Capacity = 1024;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

    /// <summary>Answers a request, or returns the answer that its id has already.</summary>
    /// <exception cref="ArgumentException">The id belongs to another request.</exception>
    public async Task<ScoreBatchResponse> OnceAsync(
        ScoreBatchRequest request, Func<Task<ScoreBatchResponse>> answerAsync, CancellationToken cancellationToken)
    {
        if (request.RequestId.Length == 0)
        {
            return await answerAsync();
        }
        var mine = new Entry(Convert.ToHexStringLower(SHA256.HashData(request.ToByteArray())));
        while (true)
        {
            var entry = _entries.GetOrAdd(request.RequestId, mine);
            RequireSame(request.RequestId, entry.Content, mine.Content);
            if (ReferenceEquals(entry, mine))
            {
                return await AnswerAsync(request.RequestId, mine, answerAsync);
            }
            try
            {
                return await entry.Answer.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Whoever was computing it has failed or gone: now it is our turn.
            }
        }
    }

    private async Task<ScoreBatchResponse> AnswerAsync(string requestId, Entry mine, Func<Task<ScoreBatchResponse>> answerAsync)
    {
        try
        {
            var answer = await ShareAsync(requestId, mine.Content, answerAsync);
            mine.Answer.SetResult(answer);
            _order.Enqueue(requestId);
            if (_order.Count > Capacity && _order.TryDequeue(out var oldest))
            {
                _entries.TryRemove(oldest, out _);
            }
            return answer;
        }
        finally
        {
            if (!mine.Answer.Task.IsCompleted)
            {
                _entries.TryRemove(requestId, out _);
                mine.Answer.SetCanceled();
            }
        }
    }

    private async Task<ScoreBatchResponse> ShareAsync(string requestId, string content, Func<Task<ScoreBatchResponse>> answerAsync)
    {
        var (theirs, answer) = await shared.FindAsync(requestId) ?? await shared.KeepAsync(requestId, content, await answerAsync());
        RequireSame(requestId, theirs, content);
        return answer;
    }

    private static void RequireSame(string requestId, string theirs, string mine)
    {
        if (theirs != mine)
        {
            throw new ArgumentException($"The request id '{requestId}' belongs to a request with other content; give each its own.", "request_id");
        }
    }

    private sealed record Entry(string Content)
    {
        public TaskCompletionSource<ScoreBatchResponse> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
