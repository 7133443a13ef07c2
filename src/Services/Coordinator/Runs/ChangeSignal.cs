namespace Rlhf.Coordinator.Runs;

/// <summary>Wakes whoever waits for something to change.</summary>
internal class ChangeSignal
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the first change after this property was read: read it, then look, then wait.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Tells of a change.</summary>
    public void Raise() =>
        Interlocked.Exchange(ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
}
