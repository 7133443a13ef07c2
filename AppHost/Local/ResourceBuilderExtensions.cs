namespace Rlhf.AppHost.Local;

/// <summary>The calls of the application model, named and shaped as Aspire's.</summary>
internal static class ResourceBuilderExtensions
{
    /// <summary>Tells the service where the server is.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> builder, IResourceBuilder<IResourceWithConnectionString> source)
        => builder.WithEnvironment(variables => ProjectEnvironment.AddConnection(variables, source.Resource));

    /// <summary>Tells the service where another is.</summary>
    public static IResourceBuilder<ProjectResource> WithReference(this IResourceBuilder<ProjectResource> builder, IResourceBuilder<ProjectResource> source)
        => builder.WithEnvironment(variables => ProjectEnvironment.AddService(variables, source.Resource));

    /// <summary>Sets a variable.</summary>
    public static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> builder, string name, string? value)
        => builder.WithEnvironment(variables => variables[name] = value ?? "");

    /// <summary>Sets a variable to an endpoint's address.</summary>
    public static IResourceBuilder<ProjectResource> WithEnvironment(this IResourceBuilder<ProjectResource> builder, string name, EndpointReference endpointReference)
        => builder.WithEnvironment(variables => variables[name] = endpointReference.Url);

    /// <summary>Starts the service only when the other resource is ready.</summary>
    public static IResourceBuilder<ProjectResource> WaitFor(this IResourceBuilder<ProjectResource> builder, IResourceBuilder<IResource> dependency)
    {
        builder.Resource.Dependencies.Add((Resource)dependency.Resource);
        return builder;
    }

    /// <summary>Runs the service as several processes.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        builder.Resource.ReplicaCount = replicas;
        return builder;
    }

    /// <summary>The service is ready when this path answers with success.</summary>
    public static IResourceBuilder<ProjectResource> WithHttpHealthCheck(this IResourceBuilder<ProjectResource> builder, string path, string endpointName)
    {
        builder.Resource.HealthCheck = (endpointName, path);
        return builder;
    }

    /// <summary>An endpoint of the service, by the name that its settings give it.</summary>
    public static EndpointReference GetEndpoint(this IResourceBuilder<ProjectResource> builder, string name) => new(builder.Resource, name);

    private static IResourceBuilder<ProjectResource> WithEnvironment(
        this IResourceBuilder<ProjectResource> builder, Action<IDictionary<string, string>> callback)
    {
        builder.Resource.EnvironmentCallbacks.Add(callback);
        return builder;
    }
}
