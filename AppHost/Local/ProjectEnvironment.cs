using System.Globalization;

namespace Rlhf.AppHost.Local;

/// <summary>The environment of a service's process: what Aspire would give it.</summary>
internal static class ProjectEnvironment
{
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string OtlpProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    /// <summary>Variables for one replica, on top of the runner's own environment, which the process inherits.</summary>
    public static Dictionary<string, string> Of(ProjectResource resource, int replica)
    {
        var variables = new Dictionary<string, string>
        {
            ["OTEL_SERVICE_NAME"] = resource.Name,
            ["OTEL_RESOURCE_ATTRIBUTES"] = string.Create(CultureInfo.InvariantCulture, $"service.instance.id={resource.Name}-{replica}"),
            ["RLHF_PARENT_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        };
        if (Environment.GetEnvironmentVariable(OtlpEndpoint) is { Length: > 0 } && Environment.GetEnvironmentVariable(OtlpProtocol) is null)
        {
            variables[OtlpProtocol] = "grpc";
        }

        foreach (var endpoint in resource.Endpoints)
        {
            variables[$"Kestrel__Endpoints__{endpoint.Name}__Url"] = resource.UrlOf(endpoint.Name, replica);
        }

        foreach (var callback in resource.EnvironmentCallbacks)
        {
            callback(variables);
        }

        return variables;
    }

    /// <summary>How a service finds a server: its connection string, and the string's parts.</summary>
    public static void AddConnection(IDictionary<string, string> variables, IResourceWithConnectionString server)
    {
        variables[$"ConnectionStrings__{server.Name}"] = server.ConnectionString;
        foreach (var (property, value) in server.Properties)
        {
            variables[$"{VariableName(server.Name)}_{property}"] = value;
        }
    }

    /// <summary>
    /// How a service finds another: every endpoint of every replica by name. There is no proxy before the replicas here; callers
    /// choose among them.
    /// </summary>
    public static void AddService(IDictionary<string, string> variables, ProjectResource service)
    {
        foreach (var endpoint in service.Endpoints)
        {
            variables[$"{VariableName(service.Name)}_{VariableName(endpoint.Name)}"] = service.UrlOf(endpoint.Name, replica: 0);
            for (var i = 0; i < service.ReplicaCount; i++)
            {
                variables[string.Create(CultureInfo.InvariantCulture, $"services__{service.Name}__{endpoint.Name}__{i}")] = service.UrlOf(endpoint.Name, i);
            }
        }
    }

    private static string VariableName(string name) => name.ToUpperInvariant().Replace('-', '_');
}
