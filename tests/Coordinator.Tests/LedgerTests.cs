using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Recording;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

public class LedgerTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rlhf-ledger-").FullName;
    private ServiceProvider? _provider;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IServiceProvider Services => _provider ?? throw new InvalidOperationException();

    private LedgerWriter Writer => Services.GetRequiredService<LedgerWriter>();

    private IDbContextFactory<LedgerContext> Contexts => Services.GetRequiredService<IDbContextFactory<LedgerContext>>();

    public async ValueTask InitializeAsync()
    {
        _provider = (await AddLedgerAsync(new ServiceCollection())).AddLogging().BuildServiceProvider();
        Services.GetRequiredService<ILedgerDatabase>().Open();
        await Writer.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.StopAsync(CancellationToken.None);
        if (_provider is not null)
        {
            await _provider.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected virtual Task<IServiceCollection> AddLedgerAsync(IServiceCollection services) =>
        Task.FromResult(services.AddSqliteLedger(Path.Combine(_folder, "ledger.db")));

    private static RolloutGenerated Rollout(string id, int samples) => new()
    {
        Header = new MessageHeader { MessageId = id, RunId = "r", Stage = "s" },
        PromptId = "p",
        PolicyVersion = "base",
        Samples = { Enumerable.Range(0, samples).Select(i => new Sample { Text = $"answer {i}", FinishReason = FinishReason.EndOfSequence }) },
    };

    private static ResponseRow Response(string id, string text, long seed) => new()
    {
        ResponseId = id,
        RunId = "r",
        Stage = "s",
        Step = 0,
        PromptId = "p",
        PolicyVersion = "base",
        Text = text,
        TokenCount = 1,
        IsFinished = null,
        Seed = seed,
    };

    [Fact]
    public async Task A_message_twice_writes_once_within_a_batch_and_across_batches()
    {
        var twice = LedgerFacts.Of(Rollout("m", 3));
        await Task.WhenAll(Writer.RecordAsync(twice, Cancellation), Writer.RecordAsync(LedgerFacts.Of(Rollout("m", 3)), Cancellation));
        await Writer.RecordAsync(LedgerFacts.Of(Rollout("m", 3)), Cancellation);

        await using var ledger = await Contexts.CreateDbContextAsync(Cancellation);
        Assert.Equal(3, await ledger.Responses.CountAsync(Cancellation));
        Assert.Equal(1, await ledger.Receipts.CountAsync(Cancellation));
    }

    [Fact]
    public async Task Scores_that_come_before_their_rollout_bring_the_responses_along()
    {
        var rollout = Rollout("m", 2);
        rollout.RewardModelVersion = "rm";
        var scored = new RolloutScored { Rollout = rollout, Scores = { new ScoreResult { Raw = 1, Normalised = 2, ModelVersion = "rm" }, new ScoreResult { Error = new ItemError { Code = ErrorCode.NotFinite, Message = "NaN" } } } };
        await Writer.RecordAsync(LedgerFacts.Of(scored), Cancellation);
        await Writer.RecordAsync(LedgerFacts.Of(rollout), Cancellation);

        await using var ledger = await Contexts.CreateDbContextAsync(Cancellation);
        Assert.Equal(2, await ledger.Responses.CountAsync(Cancellation));
        var score = Assert.Single(await ledger.Scores.ToListAsync(Cancellation));
        Assert.Equal(("m#0", 2.0), (score.ResponseId, score.Normalised));
        var final = Assert.Single(await ledger.Receipts.Where(receipt => receipt.IsFinal).ToListAsync(Cancellation));
        Assert.Equal("NotFinite: NaN", final.Error);
    }

    [Fact]
    public async Task Three_thousand_messages_at_once_are_written_within_seconds()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 3000).Select(i => Writer.RecordAsync(LedgerFacts.Of(Rollout($"m{i}", 1)), Cancellation)));

        await using var ledger = await Contexts.CreateDbContextAsync(Cancellation);
        Assert.Equal(3000, await ledger.Responses.CountAsync(Cancellation));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"took {clock.Elapsed}");
    }

    [Fact]
    public async Task What_is_written_is_read_to_the_last_bit_and_character()
    {
        const string Name = "a\0b";
        string[] texts = ["", "\0", "a\0b", "\u0010", "\u00100", "\0\u0010\u00101", "é\u0301 日本 \U0001F600\r\n\t", "\uFFFF"];
        double[] numbers = [0.1, 1.0 / 3, double.Epsilon, double.MaxValue, -1e-308, Math.BitDecrement(1)];
        long[] seeds = [0, long.MaxValue, long.MinValue, (1L << 53) + 1];
        await Writer.WriteAsync((ledger, _) =>
        {
            ledger.AddRange(texts.Select((text, i) => Response($"t{i}", text, 0)));
            ledger.AddRange(seeds.Select((seed, i) => Response($"s{i}", "x", seed)));
            ledger.AddRange(numbers.Select((number, i) => new StepMetricRow { RunId = "r", Stage = "s", Step = i, Name = Name, Value = number }));
            return Task.CompletedTask;
        }, Cancellation);

        await using var ledger = await Contexts.CreateDbContextAsync(Cancellation);
        var responses = await ledger.Responses.AsNoTracking().ToDictionaryAsync(row => row.ResponseId, Cancellation);
        Assert.Equal(texts, texts.Select((_, i) => responses[$"t{i}"].Text));
        Assert.Equal(seeds, seeds.Select((_, i) => responses[$"s{i}"].Seed));
        var name = Name;
        var metrics = await ledger.StepMetrics.AsNoTracking().Where(row => row.Name == name).OrderBy(row => row.Step).Select(row => row.Value).ToListAsync(Cancellation);
        Assert.Equal(numbers.Select(BitConverter.DoubleToInt64Bits), metrics.Select(BitConverter.DoubleToInt64Bits));
    }

    [Fact]
    public async Task Text_is_ordered_by_code_point()
    {
        string[] ids = ["é", "a", "B", "_", "-", "a-", "a0", "\uFFFD", "\U0001F600", "z", "10", "9"];
        await Writer.WriteAsync((ledger, _) =>
        {
            ledger.AddRange(ids.Select(id => Response(id, id, 0)));
            return Task.CompletedTask;
        }, Cancellation);

        await using var ledger = await Contexts.CreateDbContextAsync(Cancellation);
        var ordered = await ledger.Responses.OrderBy(row => row.ResponseId).Select(row => row.ResponseId).ToListAsync(Cancellation);
        Assert.Equal(["-", "10", "9", "B", "_", "a", "a-", "a0", "z", "é", "\uFFFD", "\U0001F600"], ordered);
        Assert.Equal(["a-"], await ledger.Responses.Where(row => row.ResponseId.StartsWith("a-")).OrderBy(row => row.ResponseId).Select(row => row.ResponseId).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task The_last_migration_has_the_tables_of_the_program()
    {
        await using var ledger = await Contexts.CreateDbContextAsync(Cancellation);

        Assert.False(ledger.Database.HasPendingModelChanges());
        Assert.Empty(await ledger.Database.GetPendingMigrationsAsync(Cancellation));
    }

    [Fact]
    public async Task A_decision_sees_everything_that_was_decided_before_it_in_its_batch_too()
    {
        var found = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Writer.DecideAsync(
            async (context, token) =>
            {
                var count = await context.Receipts.CountAsync(token);
                context.Receipts.Add(new ReceiptRow { Key = $"k{i}", MessageId = "m", RunId = "r", Stage = "s", IsFinal = true, Error = null });
                return count;
            },
            Cancellation)));

        Assert.Equal(Enumerable.Range(0, 50), found.Order());
    }

    [Fact]
    public async Task A_bad_write_fails_alone()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                await Writer.WriteAsync((context, _) =>
                {
                    context.Receipts.Add(new ReceiptRow { Key = i == 7 ? null! : $"k{i}", MessageId = "m", RunId = "r", Stage = "s", IsFinal = true, Error = null });
                    return Task.CompletedTask;
                }, Cancellation);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }));

        Assert.Equal(19, results.Count(succeeded => succeeded));
        await using var ledger = await Contexts.CreateDbContextAsync(Cancellation);
        Assert.Equal(19, await ledger.Receipts.CountAsync(Cancellation));
    }
}
