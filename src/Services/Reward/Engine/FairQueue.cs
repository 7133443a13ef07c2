namespace Rlhf.Reward.Engine;

/// <summary>
/// What waits for the engine. Callers take turns by tokens: the next sequence is of the caller who has had the fewest, so that a
/// large batch does not hold up a small one. A caller who comes back starts level with those who wait (start-time fair queueing, Goyal
/// et al. 1996), and nobody may fill the whole queue.
/// </summary>
internal sealed class FairQueue(int maxItems, int maxItemsPerCaller)
{
    private readonly object _lock = new();
    private readonly Dictionary<string, Share> _shares = new(StringComparer.Ordinal);
    private readonly PriorityQueue<Share, long> _turns = new();
    private readonly Queue<IDisposable> _leaving = new();
    private long _clock;
    private int _items;
    private bool _isClosed;

    /// <summary>Sequences that wait.</summary>
    public int Count => Volatile.Read(ref _items);

    /// <exception cref="OverCapacityException">There is no room for so many more.</exception>
    public void RequireRoom(int items)
    {
        if (Count + items > maxItems)
        {
            throw new OverCapacityException($"{Count} items wait already and {maxItems} may; try again in a moment, or send less at a time.");
        }
    }

    /// <exception cref="OverCapacityException">Too many items wait already.</exception>
    public void Add(ScoringWork work)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            var share = _shares.GetValueOrDefault(work.Caller) ?? new Share(work.Caller) { Turn = _clock };
            RequireRoom(work.Sequences.Count);
            if (share.Items + work.Sequences.Count > maxItemsPerCaller)
            {
                throw new OverCapacityException($"{share.Items} items of this caller wait already and {maxItemsPerCaller} may; try again in a moment, or send less at a time.");
            }
            if (_shares.TryAdd(work.Caller, share))
            {
                _turns.Enqueue(share, share.Turn);
            }
            share.Works.AddLast(work);
            share.Items += work.Sequences.Count;
            _items += work.Sequences.Count;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Takes out what of a work has not been taken yet; its caller has gone.</summary>
    public void Remove(ScoringWork work)
    {
        lock (_lock)
        {
            work.IsGone = true;
            if (_shares.TryGetValue(work.Caller, out var share) && share.Works.Remove(work))
            {
                var left = work.Sequences.Count - work.Taken;
                share.Items -= left;
                _items -= left;
            }
        }
    }

    /// <summary>Has something disposed of by the engine's thread, between two passes.</summary>
    public void Leave(IDisposable leaving)
    {
        lock (_lock)
        {
            _leaving.Enqueue(leaving);
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>What is to be disposed of, if anything.</summary>
    public bool TryLeave(out IDisposable? leaving)
    {
        lock (_lock)
        {
            return _leaving.TryDequeue(out leaving);
        }
    }

    /// <summary>Waits until there is something to take or to dispose of. False: the queue is closed and empty.</summary>
    public bool Wait()
    {
        lock (_lock)
        {
            while (_items == 0 && _leaving.Count == 0 && !_isClosed)
            {
                Monitor.Wait(_lock);
            }
            return _items > 0 || _leaving.Count > 0;
        }
    }

    /// <summary>Takes the sequence whose turn it is, if it has no more tokens than that.</summary>
    /// <param name="maxTokens">What still fits into the pass.</param>
    /// <param name="untilTick">How long to wait for one, on the clock of <see cref="Environment.TickCount64"/>.</param>
    /// <returns>The work and the sequence's index; null when none came or none fits.</returns>
    public (ScoringWork Work, int Index)? Take(int maxTokens, long untilTick)
    {
        lock (_lock)
        {
            while (_items == 0)
            {
                var left = untilTick - Environment.TickCount64;
                if (left <= 0 || _isClosed || !Monitor.Wait(_lock, (int)left))
                {
                    return null;
                }
            }
            while (true)
            {
                var share = _turns.Peek();
                if (share.Works.First?.Value is not { } work)
                {
                    _turns.Dequeue(); // all that it had was taken or removed
                    _shares.Remove(share.Caller);
                    continue;
                }
                var tokens = work.Sequences[work.Taken].Length;
                return tokens > maxTokens ? null : (work, Advance(share, work, tokens));
            }
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Monitor.PulseAll(_lock);
        }
    }

    private int Advance(Share share, ScoringWork work, int tokens)
    {
        _turns.Dequeue();
        _clock = share.Turn;
        share.Turn += tokens;
        _turns.Enqueue(share, share.Turn);
        share.Items--;
        _items--;
        var index = work.Taken++;
        if (work.Taken == work.Sequences.Count)
        {
            share.Works.RemoveFirst();
        }
        return index;
    }

    private sealed class Share(string caller)
    {
        public string Caller { get; } = caller;

        public LinkedList<ScoringWork> Works { get; } = new();

        public int Items { get; set; }

        /// <summary>The tokens it has had, as far as they count against others.</summary>
        public long Turn { get; set; }
    }
}
