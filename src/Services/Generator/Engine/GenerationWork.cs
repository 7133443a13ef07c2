using Rlhf.LanguageModels.Sampling.Batching;

namespace Rlhf.Generator.Engine;

/// <summary>Something that a caller has asked the engine for. Its members are for the engine's thread.</summary>
internal abstract class GenerationWork(VersionFiles version, CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenSource _abandoned = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private int _left;

    /// <summary>The version that is to do it.</summary>
    public VersionFiles Version => version;

    /// <summary>Whether the caller has gone.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>Whether nothing of it is in a batch any more.</summary>
    public bool IsDone => _left == 0 || _abandoned.IsCancellationRequested;

    /// <summary>Puts it into the version's batch.</summary>
    /// <exception cref="ArgumentException">The batch refused it.</exception>
    public void Begin(RunningBatch batch) => Begin(batch, _abandoned.Token);

    /// <summary>Ends the caller's wait with a failure; what is in a batch leaves it at the next step.</summary>
    public void Fail(Exception exception)
    {
        Complete(exception);
        _abandoned.Cancel();
    }

    public void Dispose() => _abandoned.Dispose();

    protected abstract void Begin(RunningBatch batch, CancellationToken abandoned);

    /// <summary>Ends the caller's wait.</summary>
    /// <param name="exception">Null where all went well.</param>
    protected abstract void Complete(Exception? exception);

    /// <summary>Says how many parts it has, before the first one is added.</summary>
    protected void Expect(int parts) => _left = parts;

    /// <summary>Counts a finished part; the last one ends the caller's wait.</summary>
    protected void FinishPart()
    {
        if (--_left == 0)
        {
            Complete(null);
        }
    }
}
