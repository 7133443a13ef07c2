namespace Rlhf.Clients.Reward.Internal;

/// <summary>Over when something was asked and nothing has been answered for too long.</summary>
internal sealed class Silence(TimeSpan timeout) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _over = new();
    private bool _isWaiting;

    public CancellationToken Token => _over.Token;

    public bool IsOver => _over.IsCancellationRequested;

    /// <summary>Something was asked.</summary>
    public void Asked()
    {
        lock (_lock)
        {
            if (!_isWaiting)
            {
                _isWaiting = true;
                _over.CancelAfter(timeout);
            }
        }
    }

    /// <summary>Something was answered.</summary>
    /// <param name="isWaiting">Whether something else has still no answer.</param>
    public void Heard(Func<bool> isWaiting)
    {
        lock (_lock)
        {
            _isWaiting = isWaiting();
            _over.CancelAfter(_isWaiting ? timeout : Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _over.Dispose();
}
