using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Tests;

namespace Rlhf.Console.Tests;

/// <summary>A whole Coordinator with its console, and the languages models that its pages call as stand-ins.</summary>
internal sealed class ConsoleHarness : IAsyncDisposable
{
    private readonly CoordinatorHarness _coordinator;
    private readonly WebApplication _models;

    private ConsoleHarness(CoordinatorHarness coordinator, WebApplication models, WebApplication app, string address) =>
        (_coordinator, _models, App, Address) = (coordinator, models, app, address);

    public WebApplication App { get; }

    /// <summary>Of the console, without a slash at its end.</summary>
    public string Address { get; }

    public LedgerWriter Writer => App.Services.GetRequiredService<LedgerWriter>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ConsoleHarness> StartAsync(BrokerFixture broker, params (string Name, string Value)[] settings)
    {
        var coordinator = await CoordinatorHarness.StartAsync(broker, Cancellation);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        var models = builder.Build();
        models.MapGrpcService<StandInGenerator>();
        models.MapGrpcService<StandInReward>();
        await models.StartAsync(Cancellation);
        foreach (var service in new[] { "generator", "reward" })
        {
            coordinator.Settings[$"services:{service}:grpc:0"] = AddressesOf(models).First();
        }

        foreach (var (name, value) in settings)
        {
            coordinator.Settings[name] = value;
        }

        coordinator.Settings["Run:PromptsPath"] = coordinator.WritePrompts(10, 10);
        var (app, _) = await coordinator.StartCoordinatorAsync(null, Cancellation);
        return new ConsoleHarness(coordinator, models, app, await HttpAddressAsync(app));
    }

    public LedgerContext Ledger() => CoordinatorHarness.Ledger(App);

    /// <summary>A Coordinator as a process of its own over the same folder, in place of the one in this process.</summary>
    public async Task<CoordinatorProcess> StartProcessAsync()
    {
        await App.StopAsync(Cancellation);
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools(); // the last connection's end brings the log into the file
        return await CoordinatorProcess.StartAsync(
            _coordinator.Connections.Concat(_coordinator.Settings).DistinctBy(setting => setting.Key).ToDictionary(), Cancellation);
    }

    /// <summary>The file of the ledger.</summary>
    public string LedgerFile => Path.Combine(_coordinator.Folder, "ledger.db");

    /// <summary>Signs somebody in, as a person would: by an invitation's link.</summary>
    public async Task SignInAsync(IPage page, string name = "anna", LabellerRole role = LabellerRole.Labeller)
    {
        await page.GotoAsync($"{Address}/join?code={await InviteAsync(name, role)}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        // Not WaitForURLAsync: that waits for the page's load, and for ever where it came between the two.
        await Assertions.Expect(page).ToHaveURLAsync($"{Address}/label", new() { Timeout = 15_000 });
    }

    /// <summary>An invitation's code.</summary>
    public async Task<string> InviteAsync(string name, LabellerRole role)
    {
        var lead = new Labeller(FirstLead.Name, LabellerRole.Lead, IsProgram: false);
        return (await App.Services.GetRequiredService<LabellerAccounts>().InviteAsync(lead, name, role, Cancellation)).Secret;
    }

    /// <summary>Waits for the ledger to be as a test says.</summary>
    public async Task WaitForAsync(Func<LedgerContext, Task<bool>> isSo)
    {
        var changes = App.Services.GetRequiredService<LedgerChanges>();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(TimeSpan.FromSeconds(20));
        while (true)
        {
            var change = changes.Next;
            await using var ledger = Ledger();
            if (await isSo(ledger))
            {
                return;
            }

            await change.WaitAsync(timeout.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _coordinator.DisposeAsync();
        await _models.DisposeAsync();
    }

    // Of the two endpoints the one that speaks HTTP/1.1.
    private static async Task<string> HttpAddressAsync(WebApplication app)
    {
        using var client = new HttpClient();
        foreach (var address in AddressesOf(app))
        {
            // The other one takes HTTP/2 only, and says so with a status.
            using var answer = await client.GetAsync($"{address}/alive", Cancellation);
            if (answer.IsSuccessStatusCode)
            {
                return address;
            }
        }

        throw new InvalidOperationException("no endpoint answers HTTP/1.1");
    }

    private static ICollection<string> AddressesOf(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
}
