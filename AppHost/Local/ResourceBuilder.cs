namespace Rlhf.AppHost.Local;

/// <inheritdoc />
internal sealed record ResourceBuilder<T>(T Resource) : IResourceBuilder<T>
    where T : IResource;
