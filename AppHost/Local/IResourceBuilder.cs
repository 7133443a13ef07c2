namespace Rlhf.AppHost.Local;

/// <summary>A resource while the model is being written.</summary>
internal interface IResourceBuilder<out T>
    where T : IResource
{
    T Resource { get; }

    /// <summary>The model that it is part of.</summary>
    IDistributedApplicationBuilder ApplicationBuilder { get; }
}
