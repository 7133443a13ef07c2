namespace Rlhf.AppHost.Local;

/// <summary>Tells when resources are ready.</summary>
internal sealed class ResourceNotificationService(IReadOnlyList<Resource> resources)
{
    /// <summary>Completes when the resource of that name is ready.</summary>
    public Task WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken)
        => resources.Single(resource => resource.Name == resourceName).Ready.WaitAsync(cancellationToken);
}
