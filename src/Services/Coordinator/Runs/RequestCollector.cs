using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Messaging;

namespace Rlhf.Coordinator.Runs;

/// <summary>
/// Gets a list of items from other services through the queues: publishes the requests that the ledger has no receipt for,
/// then waits for the receipts. Begun again in another process it goes on where the ledger stands.
/// </summary>
internal sealed partial class RequestCollector(
    IDbContextFactory<LedgerContext> contexts,
    LedgerWriter ledger,
    LedgerChanges changes,
    MessagePublisher publisher,
    ILogger<RequestCollector> logger)
{
    // A request whose answer got lost (its consumer's dead letters, say) is asked again after a silence; a slow model answers
    // something within it. After three times the item has failed.
    private static readonly TimeSpan _silence = TimeSpan.FromMinutes(3);
    private const int MaxRequests = 3;

    // Receipts come by the hundred a second; the progress need not be counted more often than this.
    private static readonly TimeSpan _countingInterval = TimeSpan.FromMilliseconds(150);

    /// <summary>Returns when every item has its receipt.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage under which the items' receipts are.</param>
    /// <param name="items">What is wanted.</param>
    /// <param name="report">Called with the number of items done and with the reasons of those that failed, one an item.</param>
    /// <param name="cancellationToken">Stops waiting; requests that were made stay made.</param>
    /// <returns>Message id → why it failed, or null when it did not.</returns>
    public async Task<IReadOnlyDictionary<string, string?>> CollectAsync(
        string runId, string stage, IReadOnlyList<WantedItem> items, Action<int, IReadOnlyList<string>> report, CancellationToken cancellationToken)
    {
        var (requests, lastDone, silence) = (0, -1, Stopwatch.StartNew());
        while (true)
        {
            var change = changes.Next;
            var outcomes = await OutcomesAsync(runId, stage, items, cancellationToken);
            report(outcomes.Count, [.. outcomes.Values.OfType<string>()]);
            if (outcomes.Count == items.Count)
            {
                return outcomes;
            }

            if (outcomes.Count != lastDone)
            {
                lastDone = outcomes.Count;
                silence.Restart();
            }

            if (requests == 0 || silence.Elapsed > _silence)
            {
                var missing = items.Where(item => !outcomes.ContainsKey(item.MessageId)).ToList();
                if (requests == MaxRequests)
                {
                    await RecordUnansweredAsync(runId, stage, missing, cancellationToken);
                    continue;
                }

                if (requests++ > 0)
                {
                    LogRequestedAgain(logger, missing.Count, stage);
                }

                await Task.WhenAll(missing.Select(item =>
                    publisher.PublishAsync(item.RoutingKey, item.MessageId, item.Request(), cancellationToken)));
                silence.Restart();
            }

            await Task.WhenAny(change, Task.Delay(TimeSpan.FromSeconds(5), cancellationToken));
            await Task.Delay(_countingInterval, cancellationToken);
        }
    }

    private async Task<Dictionary<string, string?>> OutcomesAsync(
        string runId, string stage, IReadOnlyList<WantedItem> items, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var receipts = await context.Receipts.AsNoTracking()
            .Where(receipt => receipt.RunId == runId && receipt.Stage == stage && receipt.IsFinal)
            .Select(receipt => new { receipt.MessageId, receipt.Error })
            .ToListAsync(cancellationToken);
        var wanted = items.Select(item => item.MessageId).ToHashSet();
        return receipts.Where(receipt => wanted.Contains(receipt.MessageId))
            .GroupBy(receipt => receipt.MessageId)
            .ToDictionary(group => group.Key, group => group.Any(receipt => receipt.Error is null) ? null : group.First().Error);
    }

    private Task RecordUnansweredAsync(string runId, string stage, IEnumerable<WantedItem> items, CancellationToken cancellationToken) =>
        Task.WhenAll(items.Select(item => ledger.RecordAsync(
            new LedgerFact(
                new ReceiptRow
                {
                    Key = $"unanswered {item.MessageId}",
                    MessageId = item.MessageId,
                    RunId = runId,
                    Stage = stage,
                    IsFinal = true,
                    Error = $"Unanswered: no answer to {MaxRequests} requests; look into the dead letters of {item.RoutingKey}",
                },
                []),
            cancellationToken)));

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} items of stage {Stage} are requested again after a long silence")]
    private static partial void LogRequestedAgain(ILogger logger, int count, string stage);
}
