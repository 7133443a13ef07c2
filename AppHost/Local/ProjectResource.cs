using System.Globalization;
using Rlhf.BackingServers.Processes;

namespace Rlhf.AppHost.Local;

/// <summary>A service of this solution, as one or several processes.</summary>
internal sealed class ProjectResource(string name, IProjectMetadata project, ChildOutputs outputs) : Resource(name)
{
    private readonly IReadOnlyList<KestrelEndpoint> _endpoints = KestrelEndpoint.ReadFrom(project.ProjectPath);
    private readonly List<Replica> _replicas = [];
    private readonly List<int[]> _ports = [];

    /// <summary>Where its project and its assembly are.</summary>
    public IProjectMetadata Project => project;

    /// <summary>How many processes it is.</summary>
    public int ReplicaCount { get; set; } = 1;

    /// <summary>The endpoint and path that answer 200 once the service is ready; null when being alive is enough.</summary>
    public (string EndpointName, string Path)? HealthCheck { get; set; }

    /// <summary>Writes environment variables, once everything this depends on is ready.</summary>
    public List<Action<IDictionary<string, string>>> EnvironmentCallbacks { get; } = [];

    public IReadOnlyList<KestrelEndpoint> Endpoints => _endpoints;

    /// <summary>The address of an endpoint of one replica.</summary>
    public string UrlOf(string endpointName, int replica)
    {
        for (var i = 0; i < _endpoints.Count; i++)
        {
            if (_endpoints[i].Name == endpointName)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{_endpoints[i].Scheme}://{_endpoints[i].Host}:{PortsOf(replica)[i]}");
            }
        }

        throw new ArgumentException($"{Name} has no endpoint '{endpointName}' in its appsettings.json.", nameof(endpointName));
    }

    public override async ValueTask DisposeAsync() => await Task.WhenAll(_replicas.Select(static replica => replica.DisposeAsync().AsTask()));

    protected override async Task StartCoreAsync(Action<string> fail, CancellationToken cancellationToken)
    {
        for (var i = 0; i < ReplicaCount; i++)
        {
            var replicaName = ReplicaCount == 1 ? Name : string.Create(CultureInfo.InvariantCulture, $"{Name}-{i}");
            var health = HealthCheck is { } check ? new Uri(UrlOf(check.EndpointName, i) + check.Path) : null;
            _replicas.Add(new Replica(replicaName, project, ProjectEnvironment.Of(this, i), health, outputs.Open(replicaName), fail));
        }

        await Task.WhenAll(_replicas.Select(replica => replica.StartAsync(cancellationToken)));
    }

    /// <summary>Ports are chosen when they are first asked for: others need them before this starts.</summary>
    private int[] PortsOf(int replica)
    {
        lock (_ports)
        {
            while (_ports.Count <= replica)
            {
                _ports.Add(TcpPorts.FindFree(_endpoints.Count));
            }

            return _ports[replica];
        }
    }
}
