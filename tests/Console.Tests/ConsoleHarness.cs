using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Tests;
using Rlhf.Tests;

namespace Rlhf.Console.Tests;

/// <summary>A whole Coordinator with its console, and the language models that its pages call as stand-ins.</summary>
internal sealed class ConsoleHarness : IAsyncDisposable
{
    private readonly CoordinatorHarness _coordinator;
    private readonly LoopbackGrpcServer[] _models;

    private ConsoleHarness(CoordinatorHarness coordinator, LoopbackGrpcServer[] models, WebApplication app, string address) =>
        (_coordinator, _models, App, Address) = (coordinator, models, app, address);

    public WebApplication App { get; }

    /// <summary>Of the console, without a slash at its end.</summary>
    public string Address { get; }

    public LedgerWriter Writer => App.Services.GetRequiredService<LedgerWriter>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ConsoleHarness> StartAsync(BrokerFixture broker, params (string Name, string Value)[] settings)
    {
        var coordinator = await CoordinatorHarness.StartAsync(broker, Cancellation);
        var (generator, reward) = (LoopbackGrpcServer.Start(new StandInGenerator()), LoopbackGrpcServer.Start(new StandInReward()));
        coordinator.Settings["services:generator:grpc:0"] = generator.Address.OriginalString;
        coordinator.Settings["services:reward:grpc:0"] = reward.Address.OriginalString;
        foreach (var (name, value) in settings)
        {
            coordinator.Settings[name] = value;
        }

        coordinator.Settings["Run:PromptsPath"] = coordinator.WritePrompts(10, 10);
        var (app, _) = await coordinator.StartCoordinatorAsync(null, Cancellation);
        return new ConsoleHarness(coordinator, [generator, reward], app, await HttpAddressAsync(app));
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
        foreach (var model in _models)
        {
            await model.DisposeAsync();
        }
    }

    // Of the two endpoints the one that speaks HTTP/1.1.
    private static async Task<string> HttpAddressAsync(WebApplication app)
    {
        using var client = new HttpClient();
        foreach (var address in app.Urls)
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
}
