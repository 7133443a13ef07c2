using Grpc.Core;
using Rlhf.Reward.Engine;
using Rlhf.Reward.Models;
using Rlhf.Reward.Scoring;
using Rlhf.V1;

namespace Rlhf.Reward;

/// <summary>One call of ScoreStream: items are scored side by side and answered as they are done. Every failure is its item's own.</summary>
internal sealed class ScoreStreamCall(RoutedScorer scorer, int maxInFlight, string caller) : IDisposable
{
    private readonly SemaphoreSlim _inFlight = new(maxInFlight);
    private readonly SemaphoreSlim _writing = new(1);

    public async Task RunAsync(
        IAsyncStreamReader<ScoreStreamRequest> requests, IServerStreamWriter<ScoreStreamResponse> responses, CancellationToken cancellationToken)
    {
        var answers = new List<Task>();
        try
        {
            await foreach (var request in requests.ReadAllAsync(cancellationToken))
            {
                await _inFlight.WaitAsync(cancellationToken); // a caller who sends faster waits in HTTP/2's flow control
                answers.RemoveAll(answer => answer.IsCompletedSuccessfully);
                answers.Add(AnswerAsync(request, responses, cancellationToken));
            }
        }
        finally
        {
            await Task.WhenAll(answers); // a call that broke off has cancelled them
        }
    }

    public void Dispose()
    {
        _inFlight.Dispose();
        _writing.Dispose();
    }

    private async Task AnswerAsync(ScoreStreamRequest request, IServerStreamWriter<ScoreStreamResponse> responses, CancellationToken cancellationToken)
    {
        try
        {
            var response = new ScoreStreamResponse { ItemId = request.ItemId, Result = await ScoreAsync(request, cancellationToken) };
            await _writing.WaitAsync(cancellationToken); // a stream takes one message at a time
            try
            {
                await responses.WriteAsync(response, cancellationToken);
            }
            finally
            {
                _writing.Release();
            }
        }
        finally
        {
            _inFlight.Release();
        }
    }

    private async Task<ScoreResult> ScoreAsync(ScoreStreamRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var policy = new ScoringPolicy(request.Truncation, request.Cache, IncludeMembers: false, request.Head, caller);
            return (await scorer.ScoreAsync(request.ModelVersion, [request.Item ?? new ScoreItem()], policy, cancellationToken))[0];
        }
        catch (RpcException exception)
        {
            return new ScoreResult { Error = ModelErrors.ToItemError(exception) };
        }
        catch (UnknownHeadException exception)
        {
            return new ScoreResult { Error = ModelErrors.ToItemError(exception) };
        }
        catch (OverCapacityException exception)
        {
            return new ScoreResult { Error = new ItemError { Code = ErrorCode.Upstream, Message = exception.Message } };
        }
    }
}
