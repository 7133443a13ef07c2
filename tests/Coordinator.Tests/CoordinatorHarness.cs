using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.Messaging;
using Rlhf.ServiceDefaults;
using Rlhf.Tests;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

/// <summary>
/// The whole Coordinator over a folder, with real queues and stand-ins for the other services. Its queues have the names that all
/// Coordinators use: test classes that start one are in one collection, so that they take turns.
/// </summary>
internal sealed class CoordinatorHarness : IAsyncDisposable
{
    private static readonly TimeSpan _reconnectInterval = TimeSpan.FromMilliseconds(50);

    private readonly List<WebApplication> _apps = [];
    private LoopbackGrpcServer? _learnerServer;
    private string _broker = "";

    public string Folder { get; } = Directory.CreateTempSubdirectory("rlhf-coordinator-").FullName;

    public StandInLearner Learner { get; } = new();

    public Dictionary<string, string?> Settings { get; } = [];

    public static async Task<CoordinatorHarness> StartAsync(BrokerFixture broker, CancellationToken cancellationToken)
    {
        var harness = new CoordinatorHarness { _broker = broker.ConnectionString };
        await harness.PurgeAsync(cancellationToken);
        harness._learnerServer = LoopbackGrpcServer.Start(harness.Learner);
        return harness;
    }

    public string WritePrompts(int harmful, int harmless)
    {
        var path = Path.Combine(Folder, "prompts.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, harmful).Select(i => $$"""{"id": "bad-{{i}}", "prompt": "harm number {{i}}", "kind": "harmful"}""")
            .Concat(Enumerable.Range(0, harmless).Select(i => $$"""{"id": "good-{{i}}", "prompt": "help number {{i}}", "kind": "harmless"}""")));
        return path;
    }

    /// <summary>Where a Coordinator finds its folder, its ledger, the broker and the stand-in for the Learner.</summary>
    public IReadOnlyDictionary<string, string?> Connections => new Dictionary<string, string?>
    {
        ["Data:Path"] = Folder,
        ["ConnectionStrings:messaging"] = _broker,
        ["ConnectionStrings:ledger"] = Settings.GetValueOrDefault("ConnectionStrings:ledger"),
        ["services:learner:grpc:0"] = _learnerServer?.Address.OriginalString,
    };

    /// <summary>A Coordinator with stand-ins beside it, in this process.</summary>
    public async Task<(WebApplication App, StandInServices Services)> StartCoordinatorAsync(
        Action<StandInServices>? configure, CancellationToken cancellationToken)
    {
        // The console's files lie beside its project, not beside the tests.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            WebRootPath = Path.Combine(Rlhf.Testing.Fixtures.RepositoryRoot(), "src", "Services", "Coordinator", "wwwroot"),
        });
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Configuration.AddInMemoryCollection(Connections);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:http:Protocols"] = "Http1",
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Protocols"] = "Http2",
            ["Console:WarmUp"] = "false", // tests start many Coordinators, and wait for none of their pages
        });
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.AddServiceDefaults();
        builder.AddRabbitMQClient("messaging");
        builder.AddCoordinator();
        builder.Services.AddSingleton<StandInServices>();
        builder.Services.AddMessageConsumer<RevisionRequested, StandInServices>(QueueNames.JudgeRevisions, RoutingKeys.RevisionsRequested, 4);
        builder.Services.AddMessageConsumer<RolloutRequested, StandInServices>(QueueNames.GeneratorRollouts, RoutingKeys.RolloutsRequested, 4);
        builder.Services.AddMessageConsumer<ComparisonRequested, StandInServices>(QueueNames.JudgeComparisons, RoutingKeys.ComparisonsRequested, 4);
        var app = builder.Build();
        _apps.Add(app);
        var services = app.Services.GetRequiredService<StandInServices>();
        configure?.Invoke(services);
        CoordinatorServices.MapCoordinator(app);
        await app.StartAsync(cancellationToken);
        return (app, services);
    }

    public static Task<RunSnapshot> WaitForEndAsync(WebApplication app, CancellationToken cancellationToken) =>
        WaitForAsync(app, run => run.IsEnded, cancellationToken);

    /// <summary>A client of people's feedback.</summary>
    /// <param name="app">The Coordinator.</param>
    /// <param name="token">Sent with every call; null for none.</param>
    public static FeedbackService.FeedbackServiceClient Feedback(WebApplication app, string? token)
    {
        // Endpoints of the configuration are bound in the order of their names: grpc, http.
        var address = app.Urls.First();
        return Feedback(address, token);
    }

    /// <summary>A client of people's feedback at an address.</summary>
    public static FeedbackService.FeedbackServiceClient Feedback(string address, string? token)
    {
        var channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            Credentials = ChannelCredentials.Create(ChannelCredentials.Insecure, CallCredentials.FromInterceptor((_, metadata) =>
            {
                if (token is not null)
                {
                    metadata.Add("authorization", $"Bearer {token}");
                }

                return Task.CompletedTask;
            })),
            UnsafeUseInsecureChannelCallCredentials = true,

            // Whoever waits for a Coordinator that starts is not to wait for the next try to reach it: by default those are seconds apart.
            InitialReconnectBackoff = _reconnectInterval,
            MaxReconnectBackoff = _reconnectInterval,
        });
        return new FeedbackService.FeedbackServiceClient(channel);
    }

    /// <summary>The token of the first lead.</summary>
    public string LeadToken => File.ReadAllText(Path.Combine(Settings.GetValueOrDefault("Data:Path") ?? Folder, "lead-token"));

    /// <summary>Waits until the active run is as wanted.</summary>
    public static async Task<RunSnapshot> WaitForAsync(WebApplication app, Func<RunSnapshot, bool> condition, CancellationToken cancellationToken)
    {
        var board = app.Services.GetRequiredService<RunBoard>();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(90));
        while (true)
        {
            var change = board.Next;
            if (board.StartedByItself is { } runId && board.Find(runId) is { } run && condition(run))
            {
                return run;
            }

            await change.WaitAsync(timeout.Token);
        }
    }

    public static LedgerContext Ledger(WebApplication app) =>
        app.Services.GetRequiredService<IDbContextFactory<LedgerContext>>().CreateDbContext();

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps.AsEnumerable().Reverse())
        {
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }

        if (_learnerServer is not null)
        {
            await _learnerServer.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }

    // What an earlier test left in the queues is not this one's.
    private async Task PurgeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = new Uri(_broker) }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var queue in BrokerTopology.Queues.Keys)
        {
            await channel.QueueDeleteAsync(queue, cancellationToken: cancellationToken);
        }
    }
}
