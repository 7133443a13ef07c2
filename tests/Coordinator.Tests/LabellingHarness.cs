using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Stages;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Tests;

/// <summary>People's feedback over a real ledger file and a clock of its own, without runs.</summary>
internal sealed class LabellingHarness : IAsyncDisposable
{
    public const string RunId = "run";
    public const string Stage = "preferences";

    public static Labeller Anna { get; } = Person("anna");

    public static Labeller Ben { get; } = Person("ben");

    /// <summary>No pair is meant for two people, and none is shown again.</summary>
    public static PreferencesOptions Plain { get; } = new() { Labels = 100, OverlapShare = 0, RepeatShare = 0 };

    private readonly ServiceProvider _provider;

    private LabellingHarness(string folder, string? database)
    {
        Folder = folder;
        var services = new ServiceCollection();
        _provider = (database is null ? services.AddSqliteLedger(Path.Combine(folder, "ledger.db")) : services.AddPostgreSqlLedger(database))
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
                new Dictionary<string, string?> { ["Kestrel:Endpoints:http:Url"] = "http://localhost:5080" }).Build())
            .AddSingleton(new DataOptions { Path = folder })
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<IHostApplicationLifetime, ApplicationLifetime>()
            .AddFeedback()
            .BuildServiceProvider();
    }

    public string Folder { get; }

    public SettableTime Time { get; } = new();

    public ComparisonDesk Desk => _provider.GetRequiredService<ComparisonDesk>();

    public LabellerAccounts Accounts => _provider.GetRequiredService<LabellerAccounts>();

    public LedgerWriter Writer => _provider.GetRequiredService<LedgerWriter>();

    public FirstLead FirstLead => _provider.GetServices<IHostedService>().OfType<FirstLead>().Single();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts over a new ledger.</summary>
    /// <param name="database">Connection string of a PostgreSQL; null for a SQLite file.</param>
    public static async Task<LabellingHarness> StartAsync(string? database = null)
    {
        var harness = new LabellingHarness(Directory.CreateTempSubdirectory("rlhf-labelling-").FullName, database);
        harness._provider.GetRequiredService<ILedgerDatabase>().Open();
        await harness.Writer.StartAsync(Cancellation);
        return harness;
    }

    /// <summary>A stage that wants labels on answers "p/1", "p/2", … to prompts "0", "1", ….</summary>
    public async Task<LabellingPlan> OpenAsync(int prompts, int answers, PreferencesOptions options)
    {
        var responses = Enumerable.Range(0, prompts).SelectMany(prompt => Enumerable.Range(0, answers).Select(answer => new ResponseRow
        {
            ResponseId = $"{RunId}/responses/{prompt}#{answer}",
            RunId = RunId,
            Stage = "responses",
            Step = 0,
            PromptId = $"{prompt}",
            PolicyVersion = "base",
            Text = $"{prompt}/{answer}",
            TokenCount = 1,
            IsFinished = true,
            Seed = 0,
        })).ToList();
        long SeedFor(string purpose) => Seeds.Derive(7, purpose);
        var plan = LabellingPlan.Of(RunId, Stage, options, [.. PairPlan.Of(responses, SeedFor)], SeedFor, Time.Now);
        await Writer.WriteAsync((ledger, _) =>
        {
            ledger.AddRange(responses);
            ledger.AddRange(Enumerable.Range(0, prompts).Select(prompt => new PromptRow
            {
                RunId = RunId,
                PromptId = $"{prompt}",
                Position = prompt,
                Kind = PromptKind.Harmless,
                IsEvaluation = false,
                Turns = JsonSerializer.Serialize(new[] { new Turn("user", $"question {prompt}") }),
            }));
            ledger.Add(plan.Labelling);
            ledger.AddRange(plan.Pairs);
            return Task.CompletedTask;
        }, Cancellation);
        return plan;
    }

    public static Labeller Person(string name) => new(name, LabellerRole.Labeller, IsProgram: false);

    public async Task<PairLease> LeaseAsync(Labeller who, params string[] held) =>
        (await Desk.NextAsync(who, RunId, held, Cancellation)).Lease ?? throw new InvalidOperationException("there was no pair");

    public Task<Submission> LabelAsync(Labeller who, string leaseId, Verdict verdict = Verdict.First) =>
        Desk.SubmitAsync(who, leaseId, new LabelInput(verdict, verdict is Verdict.First or Verdict.Second ? 4 : 0, "", 1000), Cancellation);

    public LedgerContext Ledger() => _provider.GetRequiredService<IDbContextFactory<LedgerContext>>().CreateDbContext();

    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync(CancellationToken.None);
        await _provider.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }
}
