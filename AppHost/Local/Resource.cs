namespace Rlhf.AppHost.Local;

/// <summary>Something the local runner starts and stops.</summary>
internal abstract class Resource(string name) : IResource, IAsyncDisposable
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name { get; } = name;

    /// <summary>What must be ready before this starts.</summary>
    public List<Resource> Dependencies { get; } = [];

    /// <summary>Completes when the resource can be used.</summary>
    public Task Ready => _ready.Task;

    /// <summary>How many resources are below it: what depends on nothing is at 0. Stopping goes from the top down.</summary>
    public int Level => Dependencies.Count == 0 ? 0 : 1 + Dependencies.Max(static dependency => dependency.Level);

    /// <summary>Waits for the dependencies, starts the resource and waits until it is ready.</summary>
    /// <param name="fail">Told, later, when the resource has ended for good.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task StartAsync(Action<string> fail, CancellationToken cancellationToken)
    {
        await Task.WhenAll(Dependencies.Select(static dependency => dependency.Ready)).WaitAsync(cancellationToken);
        await StartCoreAsync(fail, cancellationToken);
        _ready.TrySetResult();
    }

    public abstract ValueTask DisposeAsync();

    protected abstract Task StartCoreAsync(Action<string> fail, CancellationToken cancellationToken);
}
