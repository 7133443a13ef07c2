using Rlhf.AppHost.Options;

namespace Rlhf.AppHost;

/// <summary>What differs when the application model runs as processes of this machine.</summary>
internal static class Orchestrator
{
    /// <summary>Said at the start.</summary>
    public const string Description = "Running on the local runner: Aspire is not on the package sources, or was turned off (build with -p:UseAspire=true to insist).";

    /// <summary>Arguments for <see cref="DistributedApplication.CreateBuilder"/>.</summary>
    public static string[] ArgumentsFor(AppHostOptions options) =>
    [
        $"--{LocalRunnerOptions.Section}:{nameof(LocalRunnerOptions.LogsPath)}={options.LogsPath}",
        $"--{LocalRunnerOptions.Section}:{nameof(LocalRunnerOptions.ServersPath)}={options.DataPathOf("servers")}",
        $"--{LocalRunnerOptions.Section}:{nameof(LocalRunnerOptions.Verbose)}={options.Verbose}",
    ];

    /// <summary>Where an endpoint is called: at each replica, for there is no proxy before them.</summary>
    public static IEnumerable<string> AddressesOf(IResourceBuilder<ProjectResource> service, string endpointName)
        => Enumerable.Range(0, service.Resource.ReplicaCount).Select(replica => service.Resource.UrlOf(endpointName, replica));

    /// <summary>Completes when the application has ended by itself; the sentence says why.</summary>
    public static Task<string> EndedAsync(DistributedApplication app, CancellationToken cancellationToken)
        => app.Failure.WaitAsync(cancellationToken);
}
