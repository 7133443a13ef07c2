namespace Rlhf.LanguageModels.Decoding;

/// <summary>Threads that stay, and do each piece of work together; the caller is one of them.</summary>
internal sealed class WorkerTeam : IDisposable
{
    private readonly Thread[] _threads;
    private readonly ManualResetEventSlim[] _wake;
    private Action<int>? _work;
    private Exception? _failure;
    private int _running;
    private int _arrived;
    private int _phase;
    private volatile bool _isDisposed;

    /// <param name="workers">Threads, with the caller's; 1 or more.</param>
    public WorkerTeam(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        _wake = [.. Enumerable.Range(1, workers - 1).Select(_ => new ManualResetEventSlim())];
        _threads = [.. Enumerable.Range(1, workers - 1).Select(worker => new Thread(() => Wait(worker)) { IsBackground = true, Name = $"decoding {worker}" })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    public int Workers { get; }

    /// <summary>Calls the work once on each thread, with the thread's number, and returns when all are done.</summary>
    public void Run(Action<int> work)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Workers == 1)
        {
            work(0);
            return;
        }

        (_work, _failure, _arrived) = (work, null, 0);
        Volatile.Write(ref _running, Workers - 1);
        foreach (var wake in _wake)
        {
            wake.Set();
        }

        Try(0);
        var spin = default(SpinWait);
        while (Volatile.Read(ref _running) > 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (_failure is { } failure)
        {
            throw new InvalidOperationException("A decoding thread failed.", failure);
        }
    }

    /// <summary>Waits within a piece of work until all threads have come here.</summary>
    public void Meet()
    {
        if (Workers == 1)
        {
            return;
        }

        var phase = Volatile.Read(ref _phase);
        if (Interlocked.Increment(ref _arrived) == Workers)
        {
            Volatile.Write(ref _arrived, 0);
            Volatile.Write(ref _phase, phase + 1);
            return;
        }

        var spin = default(SpinWait);
        while (Volatile.Read(ref _phase) == phase)
        {
            // A thread that failed will never come.
            if (_failure is not null)
            {
                throw new OperationCanceledException("Another decoding thread failed.");
            }

            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        foreach (var wake in _wake)
        {
            wake.Set();
        }

        foreach (var (thread, wake) in _threads.Zip(_wake))
        {
            thread.Join();
            wake.Dispose();
        }
    }

    private void Wait(int worker)
    {
        var wake = _wake[worker - 1];
        while (true)
        {
            wake.Wait();
            wake.Reset();
            if (_isDisposed)
            {
                return;
            }

            Try(worker);
            Interlocked.Decrement(ref _running);
        }
    }

    private void Try(int worker)
    {
        try
        {
            _work!(worker);
        }
        catch (Exception exception)
        {
            // The first is the cause; others only waited for it.
            Interlocked.CompareExchange(ref _failure, exception, null);
        }
    }
}
