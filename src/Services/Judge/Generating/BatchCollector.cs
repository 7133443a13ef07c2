using System.Diagnostics;
using System.Threading.Channels;

namespace Rlhf.Judge.Generating;

/// <summary>
/// Gathers items that come at about the same time into one call: so many at most, and none waits for others
/// longer than a short delay. Calls overlap. A call whose callers have all gone is cancelled.
/// </summary>
internal sealed class BatchCollector<TItem, TResult> : IAsyncDisposable
{
    private readonly int _maxItems;
    private readonly TimeSpan _maxDelay;
    private readonly Func<IReadOnlyList<TItem>, IEnumerable<ActivityLink>, CancellationToken, Task<IReadOnlyList<TResult>>> _callAsync;
    private readonly Channel<Waiting> _channel = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _loop;

    /// <param name="maxItems">Most items of a call.</param>
    /// <param name="maxDelay">How long the first item of a call waits for others.</param>
    /// <param name="callAsync">Does the work: as many results as items, in their order. When it fails, every item of the call fails so.</param>
    public BatchCollector(
        int maxItems, TimeSpan maxDelay,
        Func<IReadOnlyList<TItem>, IEnumerable<ActivityLink>, CancellationToken, Task<IReadOnlyList<TResult>>> callAsync)
    {
        _maxItems = maxItems;
        _maxDelay = maxDelay;
        _callAsync = callAsync;
        _loop = Task.Run(CollectAsync);
    }

    public async Task<TResult> SubmitAsync(TItem item, CancellationToken cancellationToken)
    {
        var waiting = new Waiting(item, Activity.Current?.Context, cancellationToken);
        await _channel.Writer.WriteAsync(waiting, cancellationToken);
        return await waiting.Result.Task.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Writer.TryComplete();
        await _disposed.CancelAsync();
        await _loop;
        _disposed.Dispose();
    }

    private async Task CollectAsync()
    {
        var calls = new List<Task>();
        var batch = new List<Waiting>(_maxItems);
        while (await _channel.Reader.WaitToReadAsync())
        {
            using var delay = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
            delay.CancelAfter(_maxDelay);
            while (batch.Count < _maxItems && await NextAsync(delay.Token) is { } waiting)
            {
                if (!waiting.CancellationToken.IsCancellationRequested)
                {
                    batch.Add(waiting);
                }
            }
            if (batch.Count > 0)
            {
                calls.RemoveAll(call => call.IsCompleted);
                calls.Add(CallAsync([.. batch]));
                batch.Clear();
            }
        }
        await Task.WhenAll(calls);
    }

    /// <summary>The next item; null when none came in time.</summary>
    private async ValueTask<Waiting?> NextAsync(CancellationToken cancellationToken)
    {
        if (_channel.Reader.TryRead(out var waiting))
        {
            return waiting;
        }
        try
        {
            return await _channel.Reader.ReadAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            return null;
        }
    }

    private async Task CallAsync(Waiting[] batch)
    {
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
        var callersLeft = batch.Length;
        var registrations = batch.Select(waiting => waiting.CancellationToken.Register(() =>
        {
            if (Interlocked.Decrement(ref callersLeft) == 0)
            {
                cancelled.Cancel();
            }
        })).ToArray();
        try
        {
            var links = batch.Select(waiting => waiting.Trace).OfType<ActivityContext>().Distinct().Select(context => new ActivityLink(context));
            var results = await _callAsync([.. batch.Select(waiting => waiting.Item)], links, cancelled.Token);
            foreach (var (waiting, result) in batch.Zip(results))
            {
                waiting.Result.TrySetResult(result);
            }
        }
        catch (Exception exception) // passed on to every caller
        {
            foreach (var waiting in batch)
            {
                waiting.Result.TrySetException(exception);
            }
        }
        finally
        {
            foreach (var registration in registrations)
            {
                await registration.DisposeAsync();
            }
        }
    }

    private sealed record Waiting(TItem Item, ActivityContext? Trace, CancellationToken CancellationToken)
    {
        public TaskCompletionSource<TResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
