using System.Globalization;
using Microsoft.Extensions.Configuration;
using Rlhf.AppHost.Options;

namespace Rlhf.AppHost;

/// <summary>What several resources of the application model have in common.</summary>
internal static class ModelExtensions
{
    public static IResourceBuilder<IResourceWithConnectionString> AddRedisUnlessGiven(this IDistributedApplicationBuilder builder, string name)
        => builder.Configuration.GetConnectionString(name) is { Length: > 0 } ? builder.AddConnectionString(name) : builder.AddRedis(name);

    public static IResourceBuilder<IResourceWithConnectionString> AddRabbitMQUnlessGiven(this IDistributedApplicationBuilder builder, string name)
        => builder.Configuration.GetConnectionString(name) is { Length: > 0 } ? builder.AddConnectionString(name) : builder.AddRabbitMQ(name);

    /// <summary>The ledger's PostgreSQL: one that is given, or one of our own when the command line asks for it; null for the SQLite file.</summary>
    public static IResourceBuilder<IResourceWithConnectionString>? AddLedgerDatabaseIfWanted(
        this IDistributedApplicationBuilder builder, string name, AppHostOptions options)
        => builder.Configuration.GetConnectionString(name) is { Length: > 0 } ? builder.AddConnectionString(name)
            : options.Ledger == LedgerStore.Postgres ? builder.AddPostgres("postgres").WithDataVolume().AddDatabase(name)
            : null;

    /// <summary>Where the ledger is kept, if that is no file of the service's own.</summary>
    public static IResourceBuilder<ProjectResource> WithLedger(
        this IResourceBuilder<ProjectResource> builder, IResourceBuilder<IResourceWithConnectionString>? database)
        => database is null ? builder : builder.WithReference(database).WaitFor(database);

    public static IResourceBuilder<ProjectResource> WithBackingServers(
        this IResourceBuilder<ProjectResource> builder,
        IResourceBuilder<IResourceWithConnectionString> cache,
        IResourceBuilder<IResourceWithConnectionString> messaging)
        => builder
            .WithReference(cache).WithReference(messaging)
            .WaitFor(cache).WaitFor(messaging)
            .WithHttpHealthCheck("/health", endpointName: "http");

    /// <summary>
    /// Lets the service be called. Aspire numbers all endpoints of one scheme in one list; gRPC clients look for the endpoint
    /// named "grpc", so it is listed under its name too.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithService(this IResourceBuilder<ProjectResource> builder, IResourceBuilder<ProjectResource> service)
        => builder
            .WithReference(service)
            .WithEnvironment($"services__{service.Resource.Name}__grpc__0", service.GetEndpoint("grpc"));

    /// <summary>The base model, and a share of the processor to compute with.</summary>
    public static IResourceBuilder<ProjectResource> WithModel(this IResourceBuilder<ProjectResource> builder, string modelPath, int threads)
    {
        var count = threads.ToString(CultureInfo.InvariantCulture);
        return builder
            .WithEnvironment("Model__Path", modelPath)
            .WithEnvironment("Torch__Threads", count)
            .WithEnvironment("OMP_NUM_THREADS", count)
            // Threads that wait for work leave the processor to the other services.
            .WithEnvironment("OMP_WAIT_POLICY", "passive")
            // Left alone, glibc keeps what tensors freed (gigabytes after some thousand steps), or asks the system for each one anew
            // and spends most of the time in page faults. So: few arenas, tensors up to 32 MiB from the heap, and a bound on what it keeps.
            .WithEnvironment("MALLOC_ARENA_MAX", "2")
            .WithEnvironment("MALLOC_MMAP_THRESHOLD_", "33554432")
            .WithEnvironment("MALLOC_TRIM_THRESHOLD_", "268435456");
    }

    /// <summary>Names a file, if there is one to name.</summary>
    public static IResourceBuilder<ProjectResource> WithFile(this IResourceBuilder<ProjectResource> builder, string key, string? path)
        => path is null ? builder : builder.WithEnvironment(key, path);

    /// <summary>What the Coordinator does once all is up.</summary>
    public static IResourceBuilder<ProjectResource> WithRun(this IResourceBuilder<ProjectResource> builder, AppHostOptions options)
        => builder
            .WithEnvironment("Run__Definition", options.Run)
            .WithEnvironment("Run__Seed", options.Seed.ToString(CultureInfo.InvariantCulture))
            .WithEnvironment("Run__Resume", options.Resume ? "true" : "false")
            .WithEnvironment("Run__Session", Guid.NewGuid().ToString("N")) // the same when a Coordinator that died is started again
            .WithFile("Run__PromptsPath", options.PromptsPath)
            .WithFile("Constitution__Path", options.ConstitutionPath)
            .WithEnvironment("Model__Path", options.ModelPath);
}
