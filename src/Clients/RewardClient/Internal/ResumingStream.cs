using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.Clients.Reward.Internal;

/// <summary>
/// One stream of items over as many calls of ScoreStream as it takes: when a call is lost, what has no answer yet is sent in the next one. An item
/// is given out once, however often it was sent.
/// </summary>
internal sealed class ResumingStream(RewardService.RewardServiceClient client, RetryingCalls calls, RewardClientOptions clientOptions, ScoreOptions options)
    : IDisposable
{
    private readonly SemaphoreSlim _room = new(clientOptions.MaxItemsInFlight);
    private readonly ConcurrentDictionary<long, RewardItem> _unanswered = new();
    private readonly Channel<long> _fresh = Channel.CreateUnbounded<long>();
    private readonly Channel<StreamedResult> _answers = Channel.CreateUnbounded<StreamedResult>(); // as long as there is room, like _fresh
    private readonly TimeSpan _timeout = options.Timeout ?? clientOptions.Timeout;
    private int _failures;

    public async IAsyncEnumerable<StreamedResult> RunAsync(IAsyncEnumerable<RewardItem> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ = ReadAsync(items, stop.Token); // never waited for: a source that doesn't heed cancellation may never give its next item
        var calling = CallUntilDoneAsync(stop.Token);
        try
        {
            await foreach (var answer in _answers.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return answer;
                _room.Release(); // only now: what the caller doesn't take is not read on from either
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await calling.ConfigureAwait(false);
        }
    }

    public void Dispose() => _room.Dispose();

    private async Task ReadAsync(IAsyncEnumerable<RewardItem> items, CancellationToken cancellationToken)
    {
        try
        {
            var index = 0L;
            await foreach (var item in items.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
                _unanswered[index] = item;
                _fresh.Writer.TryWrite(index++);
            }
            _fresh.Writer.Complete();
        }
        catch (Exception exception) // the caller's own, and it sees it
        {
            _answers.Writer.TryComplete(exception);
        }
    }

    private async Task CallUntilDoneAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Nothing is called before there is something to ask.
            while (!_unanswered.IsEmpty || await _fresh.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                try
                {
                    await CallOnceAsync(cancellationToken).ConfigureAwait(false);
                }
                catch (RpcException exception) when (exception.StatusCode == StatusCode.Unavailable && ++_failures < clientOptions.MaxAttempts)
                {
                    await Task.Delay(calls.PauseAfterLoss(_failures), cancellationToken).ConfigureAwait(false);
                }
            }
            _answers.Writer.TryComplete();
        }
        catch (RpcException exception)
        {
            _answers.Writer.TryComplete(cancellationToken.IsCancellationRequested ? new OperationCanceledException(cancellationToken) : new RewardException(exception));
        }
        catch (Exception exception) // whatever it is, the caller sees it
        {
            _answers.Writer.TryComplete(exception);
        }
    }

    private async Task CallOnceAsync(CancellationToken cancellationToken)
    {
        using var silence = new Silence(_timeout);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        using var call = client.ScoreStream(calls.OptionsOf(deadline: null, stop.Token));
        var sending = SendAllAsync(call.RequestStream, silence, stop.Token);
        try
        {
            await foreach (var response in call.ResponseStream.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                var index = long.Parse(response.ItemId, CultureInfo.InvariantCulture);
                if (_unanswered.TryRemove(index, out var item))
                {
                    _failures = 0;
                    silence.Heard(isWaiting: () => !_unanswered.IsEmpty);
                    _answers.Writer.TryWrite(new StreamedResult(index, item, Messages.ToResult(response.Result)));
                }
            }
            if (!_unanswered.IsEmpty)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "The service ended the stream before its last answer."));
            }
        }
        catch (Exception exception) when (silence.IsOver && exception is RpcException or OperationCanceledException)
        {
            throw new RewardException(StatusCode.DeadlineExceeded, $"No answer came for {_timeout.TotalSeconds:0.###} s.");
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what breaks the sending breaks the reading too
        }
    }

    private async Task SendAllAsync(IClientStreamWriter<ScoreStreamRequest> requests, Silence silence, CancellationToken cancellationToken)
    {
        try
        {
            // What a lost call left without an answer, then what is new; an index may be in both.
            var again = _unanswered.Keys.ToHashSet();
            foreach (var index in again.Order())
            {
                await SendAsync(index, requests, silence, cancellationToken).ConfigureAwait(false);
            }
            await foreach (var index in _fresh.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!again.Remove(index))
                {
                    await SendAsync(index, requests, silence, cancellationToken).ConfigureAwait(false);
                }
            }
            await requests.CompleteAsync().ConfigureAwait(false);
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.ResourceExhausted)
        {
            _answers.Writer.TryComplete(new RewardException(exception)); // an item over the message limit never leaves, so no reading tells
            throw;
        }
    }

    private async Task SendAsync(long index, IClientStreamWriter<ScoreStreamRequest> requests, Silence silence, CancellationToken cancellationToken)
    {
        if (_unanswered.TryGetValue(index, out var item))
        {
            silence.Asked();
            var request = new ScoreStreamRequest
            {
                ItemId = index.ToString(CultureInfo.InvariantCulture),
                Item = item.Message,
                ModelVersion = options.ModelVersion,
                Truncation = (TruncationPolicy)options.Truncation,
                Cache = (CachePolicy)options.Cache,
                Head = options.Head,
            };
            await requests.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }
}
