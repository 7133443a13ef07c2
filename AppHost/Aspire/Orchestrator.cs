using Rlhf.AppHost.Options;

namespace Rlhf.AppHost;

/// <summary>What differs when the application model runs on Aspire.</summary>
internal static class Orchestrator
{
    /// <summary>Said at the start.</summary>
    public const string Description = "Running on Aspire (build with -p:UseAspire=false for the local runner).";

    /// <summary>Aspire's own arguments. Ours are none of them.</summary>
    public static string[] ArgumentsFor(AppHostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return [];
    }

    /// <summary>Where an endpoint is called: at Aspire's proxy before the replicas.</summary>
    public static IEnumerable<string> AddressesOf(IResourceBuilder<ProjectResource> service, string endpointName) => [service.GetEndpoint(endpointName).Url];

    /// <summary>Completes when the application has ended by itself; the sentence says why.</summary>
    public static async Task<string> EndedAsync(DistributedApplication app, CancellationToken cancellationToken)
    {
        await app.WaitForShutdownAsync(cancellationToken);
        return "Aspire has stopped the application.";
    }
}
