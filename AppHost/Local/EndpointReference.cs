namespace Rlhf.AppHost.Local;

/// <summary>A named endpoint of a service.</summary>
internal sealed record EndpointReference(ProjectResource Resource, string EndpointName)
{
    /// <summary>The address of the first replica's endpoint.</summary>
    public string Url => Resource.UrlOf(EndpointName, replica: 0);
}
