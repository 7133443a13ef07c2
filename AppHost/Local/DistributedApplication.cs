namespace Rlhf.AppHost.Local;

/// <summary>The application model, run as processes of this machine.</summary>
internal sealed class DistributedApplication : IAsyncDisposable
{
    private readonly IReadOnlyList<Resource> _resources;
    private readonly ChildOutputs _outputs;
    private readonly TaskCompletionSource<string> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DistributedApplication(IReadOnlyList<Resource> resources, ChildOutputs outputs)
    {
        _resources = resources;
        _outputs = outputs;
        ResourceNotifications = new ResourceNotificationService(resources);
    }

    /// <summary>Completes when a resource that the system cannot do without has ended for good; the sentence says why.</summary>
    public Task<string> Failure => _failure.Task;

    /// <summary>Tells when resources are ready.</summary>
    public ResourceNotificationService ResourceNotifications { get; }

    /// <summary>Starts a model.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    /// <summary>Starts every resource, each when those it waits for are ready.</summary>
    /// <exception cref="UserErrorException">A service did not start.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var starts = _resources.Select(resource => resource.StartAsync(Fail, giveUp.Token)).ToList();
        while (starts.Count > 0)
        {
            var first = await Task.WhenAny(starts);
            starts.Remove(first);
            if (!first.IsCompletedSuccessfully)
            {
                await giveUp.CancelAsync();
                await Task.WhenAll(starts).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
                await first;
            }
        }
    }

    /// <summary>Stops everything, what depends on others first.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var level in _resources.GroupBy(static resource => resource.Level).OrderByDescending(static level => level.Key))
        {
            await Task.WhenAll(level.Select(static resource => resource.DisposeAsync().AsTask()));
        }

        _outputs.Dispose();
    }

    private void Fail(string sentence) => _failure.TrySetResult(sentence);
}
