using System.Text.Json;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Rlhf.Coordinator.Web;

/// <summary>
/// Looks at every page once at the start: code is compiled and queries are translated when they run first, which takes a second or two
/// on a small machine. The process calls itself healthy afterwards, so that whoever waits for that finds pages that are quick.
/// </summary>
internal sealed partial class PageWarmUp(
    IServer server, IHostApplicationLifetime lifetime, EndpointDataSource endpoints, ConsoleOptions options, ILogger<PageWarmUp> logger)
    : BackgroundService, IHealthCheck
{
    private static readonly string[] _anyAddress = ["*", "+", "0.0.0.0", "[::]"];
    private static readonly TimeSpan _timeout = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Answers late rather than with a failure, which would be told in the log at every start.
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await _done.Task.WaitAsync(cancellationToken);
        return HealthCheckResult.Healthy();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.WarmUp)
        {
            _done.SetResult();
            return;
        }

        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        try
        {
            await LookAsync(stoppingToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !stoppingToken.IsCancellationRequested)
        {
            LogFailed(logger, exception.Message);
        }

        _done.SetResult();
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = _timeout };
        if (await FindAddressAsync(client, cancellationToken) is not { } address)
        {
            return;
        }

        // The newest run's pages are those that somebody will look at.
        var runs = await client.GetFromJsonAsync<JsonElement>(new Uri(address, "/api/runs"), cancellationToken);
        var runId = runs.EnumerateArray().Select(run => run.GetProperty("runId").GetString()).FirstOrDefault();
        foreach (var path in Paths(runId))
        {
            using var answer = await client.GetAsync(new Uri(address, path), cancellationToken);
        }
    }

    private IEnumerable<string> Paths(string? runId)
    {
        foreach (var pattern in endpoints.Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<ComponentTypeMetadata>() is not null).Select(endpoint => endpoint.RoutePattern))
        {
            if (pattern.Parameters.Count == 0)
            {
                yield return pattern.RawText ?? "/";
            }
            else if (runId is not null && pattern.Parameters is [{ Name: "RunId" } parameter])
            {
                yield return (pattern.RawText ?? "/").Replace($"{{{parameter.Name}}}", Uri.EscapeDataString(runId), StringComparison.Ordinal);
            }
        }

        if (runId is not null)
        {
            yield return Links.Report(runId);
        }
    }

    /// <summary>Of the addresses that this process listens on, one that answers a browser; null where there is none, as when all of them are encrypted.</summary>
    private async Task<Uri?> FindAddressAsync(HttpClient client, CancellationToken cancellationToken)
    {
        foreach (var text in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            var binding = BindingAddress.Parse(text);
            if (binding.Scheme != Uri.UriSchemeHttp)
            {
                continue;
            }

            var address = new UriBuilder(binding.Scheme, _anyAddress.Contains(binding.Host) ? "localhost" : binding.Host, binding.Port).Uri;

            // gRPC's endpoint takes HTTP/2 only, and says so with a status.
            using var answer = await client.GetAsync(new Uri(address, "/alive"), cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                return address;
            }
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The pages could not be made ready, so the first look at each is slow: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
