using System.Globalization;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Rlhf.AppHost.Local;

namespace Rlhf.AppHost.Tests.Local;

/// <summary>What a child sees is what Aspire would give it, read back from a child.</summary>
public sealed partial class ProjectEnvironmentTests
{
    private const string LocalPort = @"http://127\.0\.0\.1:\d+";

    [Fact]
    public async Task A_service_is_told_its_own_address_its_servers_and_its_neighbours()
    {
        using var sample = new SampleApplication();
        var cache = sample.Builder.AddRedis("cache");
        var worker = sample.Builder.AddProject<SampleProject>("the-worker").WithHttpHealthCheck("/health", endpointName: "http").WithReplicas(2);
        var front = sample.Builder.AddProject<SampleProject>("front")
            .WithReference(cache).WithReference(worker)
            .WaitFor(cache).WaitFor(worker)
            .WithHttpHealthCheck("/health", endpointName: "http")
            .WithEnvironment("services__the-worker__grpc__0", worker.GetEndpoint("grpc"))
            .WithEnvironment("Own__Key", "value");
        await using var app = sample.Builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);

        var seen = await EnvironmentOfAsync(front);

        (string Name, string Pattern)[] expected =
        [
            ("Kestrel__Endpoints__http__Url", LocalPort),
            ("Kestrel__Endpoints__grpc__Url", LocalPort),
            ("ConnectionStrings__cache", @"127\.0\.0\.1:\d+,password=[0-9a-f]{32}"),
            ("CACHE_HOST", @"127\.0\.0\.1"),
            ("CACHE_PORT", @"\d+"),
            ("CACHE_PASSWORD", "[0-9a-f]{32}"),
            ("CACHE_URI", @"redis://:[0-9a-f]{32}@127\.0\.0\.1:\d+"),
            ("services__the-worker__http__0", LocalPort),
            ("services__the-worker__http__1", LocalPort),
            ("services__the-worker__grpc__0", LocalPort),
            ("services__the-worker__grpc__1", LocalPort),
            ("THE_WORKER_HTTP", LocalPort),
            ("THE_WORKER_GRPC", LocalPort),
            ("OTEL_SERVICE_NAME", "front"),
            ("OTEL_RESOURCE_ATTRIBUTES", @"service\.instance\.id=front-0"),
            ("RLHF_PARENT_PID", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)),
            ("Own__Key", "value"),
        ];
        Assert.All(expected, pair => Assert.Matches($"^{pair.Pattern}$", seen.GetValueOrDefault(pair.Name, "(not set)")));
        Assert.False(seen.ContainsKey("ASPNETCORE_URLS")); // the endpoints' own addresses say it
        var addresses = seen.Where(static pair => LocalAddress().IsMatch(pair.Value) && !pair.Key.StartsWith("THE_WORKER", StringComparison.Ordinal));
        Assert.Equal(6, addresses.Select(static pair => pair.Value).Distinct().Count());
        Assert.Equal(seen["services__the-worker__grpc__0"], seen["THE_WORKER_GRPC"]);
    }

    [Fact]
    public async Task A_given_connection_string_is_passed_on_as_it_is()
    {
        using var sample = new SampleApplication();
        var cache = sample.Builder.AddResource(new ConnectionStringResource("cache", "elsewhere:6379,password=pw"));
        var front = sample.Builder.AddProject<SampleProject>("front").WithReference(cache).WithHttpHealthCheck("/alive", endpointName: "http");
        await using var app = sample.Builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("elsewhere:6379,password=pw", (await EnvironmentOfAsync(front))["ConnectionStrings__cache"]);
    }

    [Fact]
    public async Task A_database_is_told_under_its_own_name_by_a_server_that_keeps_its_password()
    {
        using var sample = new SampleApplication();
        var told = new List<string>();
        for (var start = 0; start < 2; start++)
        {
            var builder = sample.NewBuilder();
            var ledger = builder.AddPostgres("postgres").WithDataVolume().AddDatabase("ledger");
            var front = builder.AddProject<SampleProject>("front").WithReference(ledger).WaitFor(ledger).WithHttpHealthCheck("/alive", endpointName: "http");
            await using var app = builder.Build();
            await app.StartAsync(TestContext.Current.CancellationToken);
            var seen = await EnvironmentOfAsync(front);
            told.Add(PortPattern().Replace(seen["ConnectionStrings__ledger"], "Port=P"));
            Assert.Matches(@"^postgresql://rlhf:[0-9a-f]{32}@127\.0\.0\.1:\d+/ledger$", seen["LEDGER_URI"]);
        }

        Assert.Matches("^Host=127\\.0\\.0\\.1;Port=P;Username=rlhf;Password=[0-9a-f]{32};Database=ledger$", told[0]);
        Assert.Equal(told[0], told[1]);
    }

    private static async Task<Dictionary<string, string>> EnvironmentOfAsync(IResourceBuilder<ProjectResource> project)
    {
        using var client = new HttpClient();
        var address = new Uri(project.GetEndpoint("http").Url + "/environment");
        return await client.GetFromJsonAsync<Dictionary<string, string>>(address, TestContext.Current.CancellationToken) ?? [];
    }

    [GeneratedRegex(@"Port=\d+")]
    private static partial Regex PortPattern();

    [GeneratedRegex($"^{LocalPort}$")]
    private static partial Regex LocalAddress();
}
