using Grpc.Core;
using Rlhf.AppHost.Options;
using Rlhf.AppHost.Progress;
using Rlhf.BackingServers;
using Rlhf.BackingServers.Processes;
using Rlhf.V1;

namespace Rlhf.AppHost;

/// <summary>Starts the application, follows the run to its end, and stops everything.</summary>
internal static class AppHostProgram
{
    /// <summary>The exit code after an error.</summary>
    public const int Failure = 1;

    private const int Success = 0;

    /// <summary>Runs until the user stops it, the run is done (when asked to exit then), or a service gives up.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        DistributedApplication app, IResourceBuilder<ProjectResource> coordinator, IResourceBuilder<ProjectResource> reward,
        IResourceBuilder<ProjectResource> generator, AppHostOptions options)
    {
        using var stop = new StopSignals();
        try
        {
            Directory.CreateDirectory(options.DataPath);
            await using var dataLock = FileLock.TryTake(Path.Combine(options.DataPath, "apphost.lock"))
                ?? throw new UserErrorException($"Another AppHost is using {options.DataPath}; stop it, or give this one a folder of its own with --data.");
            await using (app)
            {
                return await RunStartedAsync(app, coordinator, reward, generator, options, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            Terminal.WriteLine("Stopped.");
            return stop.ExitCode;
        }
        catch (Exception exception) when (exception is UserErrorException or BackingServerException or IOException or UnauthorizedAccessException or RpcException)
        {
            Terminal.WriteError(exception.Message);
            return Failure;
        }
    }

    private static async Task<int> RunStartedAsync(
        DistributedApplication app,
        IResourceBuilder<ProjectResource> coordinator,
        IResourceBuilder<ProjectResource> reward,
        IResourceBuilder<ProjectResource> generator,
        AppHostOptions options,
        CancellationToken cancellationToken)
    {
        Terminal.WriteLine(Orchestrator.Description);
        Terminal.WriteLine($"Starting Redis, RabbitMQ{(options.Ledger == LedgerStore.Postgres ? ", PostgreSQL" : "")} and the services; their logs go to {options.LogsPath}.");
        await app.StartAsync(cancellationToken);
        await app.ResourceNotifications.WaitForResourceHealthyAsync(coordinator.Resource.Name, cancellationToken);
        var web = coordinator.GetEndpoint("http").Url;
        Terminal.WriteLine($"All services are up. Web page: {web}  Reward API (gRPC): {string.Join(' ', Orchestrator.AddressesOf(reward, "grpc"))}");
        Terminal.WriteLine($"OpenAI-compatible API: {generator.GetEndpoint("http").Url}/v1  Feedback API (gRPC): {coordinator.GetEndpoint("grpc").Url}");

        if (FirstInvitation.Find(options.DataPathOf(coordinator.Resource.Name)) is { } invitation)
        {
            Terminal.WriteLine($"To label answers, open this once: {invitation}");
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var applicationEnd = Orchestrator.EndedAsync(app, cancellationToken);
        var work = options.HasRun
            ? FollowRunAsync(coordinator.GetEndpoint("grpc").Url, web, options, ended.Token)
            : StayUpAsync(web, ended.Token);
        if (await Task.WhenAny(work, applicationEnd) == work)
        {
            return await work;
        }

        await ended.CancelAsync();
        await Task.WhenAny(work);
        throw new UserErrorException(await applicationEnd);
    }

    private static async Task<int> FollowRunAsync(string grpcAddress, string web, AppHostOptions options, CancellationToken cancellationToken)
    {
        using var follower = new RunFollower(grpcAddress);
        IRunDisplay display = Terminal.IsInteractive ? new LiveRunDisplay() : new PlainRunDisplay();
        var run = await display.ShowAsync(follower.FollowAsync(cancellationToken));
        foreach (var line in RunSummary.LinesOf(run))
        {
            Terminal.WriteLine(line);
        }

        var report = await follower.GetReportAsync(run.RunId, cancellationToken);
        foreach (var line in ReportSummary.LinesOf(report))
        {
            Terminal.WriteLine(line);
        }

        if (options.ReportPath is { } path)
        {
            await ReportFile.WriteAsync(path, report, cancellationToken);
            Terminal.WriteLine($"Report: {path}");
        }

        var exitCode = run.State == RunState.Succeeded ? Success : Failure;
        return options.ExitWhenDone ? exitCode : await StayUpAsync(web, cancellationToken);
    }

    private static async Task<int> StayUpAsync(string web, CancellationToken cancellationToken)
    {
        Terminal.WriteLine($"The system stays up for calls. Web page: {web}. Ctrl-C stops it.");
        await Task.Delay(Timeout.Infinite, cancellationToken);
        return Success;
    }
}
