using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Recording;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

public sealed class LedgerTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rlhf-ledger-").FullName;
    private ServiceProvider? _provider;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private IServiceProvider Services => _provider ?? throw new InvalidOperationException();

    private LedgerWriter Writer => Services.GetRequiredService<LedgerWriter>();

    private IDbContextFactory<LedgerContext> Contexts => Services.GetRequiredService<IDbContextFactory<LedgerContext>>();

    public async ValueTask InitializeAsync()
    {
        _provider = new ServiceCollection().AddLedger(Path.Combine(_folder, "ledger.db")).AddLogging().BuildServiceProvider();
        LedgerDatabase.Open(Contexts);
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
    }

    private static RolloutGenerated Rollout(string id, int samples) => new()
    {
        Header = new MessageHeader { MessageId = id, RunId = "r", Stage = "s" },
        PromptId = "p",
        PolicyVersion = "base",
        Samples = { Enumerable.Range(0, samples).Select(i => new Sample { Text = $"answer {i}", FinishReason = FinishReason.EndOfSequence }) },
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
