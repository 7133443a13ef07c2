namespace Rlhf.Generator.Requests;

/// <summary>Bounds what callers of gRPC and HTTP have in work or waiting; what comes from the queue is bounded by its prefetch. Any thread may use it.</summary>
internal sealed class WaitingRoom(GeneratorOptions options)
{
    private readonly Lock _lock = new();
    private int _requests;

    /// <summary>Takes places until what is returned is disposed. A call that is larger than the room may come when nobody else is there.</summary>
    /// <param name="requests">Prompts, or continuations to be scored.</param>
    /// <exception cref="OverCapacityException">There are not so many places; none has been taken.</exception>
    public IDisposable Enter(int requests)
    {
        lock (_lock)
        {
            if (_requests > 0 && _requests + requests > options.MaxWaitingRequests)
            {
                throw new OverCapacityException($"{_requests} requests are in work or wait, of {options.MaxWaitingRequests} that may; try again in a moment, or ask for less at a time.");
            }

            _requests += requests;
        }

        return new Places(this, requests);
    }

    private void Leave(int requests)
    {
        lock (_lock)
        {
            _requests -= requests;
        }
    }

    private sealed class Places(WaitingRoom room, int requests) : IDisposable
    {
        private int _isFree;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isFree, 1) == 0)
            {
                room.Leave(requests);
            }
        }
    }
}
