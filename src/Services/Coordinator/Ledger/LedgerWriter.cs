using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;

namespace Rlhf.Coordinator.Ledger;

/// <summary>
/// The one writer of the ledger. SQLite takes one writing transaction at a time and pays for each commit, so whatever waits
/// is written together; the callers' tasks complete after the commit.
/// </summary>
internal sealed class LedgerWriter(IDbContextFactory<LedgerContext> contexts, LedgerChanges changes) : BackgroundService
{
    private const int MaxBatch = 256;

    private sealed record Write(Func<LedgerContext, CancellationToken, Task> Apply, TaskCompletionSource Completion);

    private readonly Channel<Write> _writes = Channel.CreateBounded<Write>(new BoundedChannelOptions(4 * MaxBatch) { SingleReader = true });

    /// <summary>Records a message. Completes when it is committed, also when it had been recorded before.</summary>
    public Task RecordAsync(LedgerFact fact, CancellationToken cancellationToken) =>
        WriteAsync((context, token) => AddAsync(context, fact, token), cancellationToken);

    /// <summary>Applies a change within the next transaction.</summary>
    /// <param name="apply">
    /// Changes tracked rows. It may be called again when its batch failed. It may save, which writes within the batch's transaction:
    /// queries see what earlier changes of the batch did only then.
    /// </param>
    /// <param name="cancellationToken">Stops waiting; the change may be written all the same.</param>
    public async Task WriteAsync(Func<LedgerContext, CancellationToken, Task> apply, CancellationToken cancellationToken)
    {
        var write = new Write(apply, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await _writes.Writer.WriteAsync(write, cancellationToken);
        await write.Completion.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Applies a change that depends on what the ledger holds, and returns what came of it once it is committed.</summary>
    /// <param name="apply">
    /// As in the other overload; its queries see all that was written before. What it returns counts, so a refusal is
    /// best returned: an exception takes its whole batch apart.
    /// </param>
    /// <param name="cancellationToken">Stops waiting; the change may be written all the same.</param>
    public async Task<T> DecideAsync<T>(Func<LedgerContext, CancellationToken, Task<T>> apply, CancellationToken cancellationToken)
    {
        var results = new List<T>(1);
        await WriteAsync(
            async (context, token) =>
            {
                await context.SaveChangesAsync(token);
                results.Clear();
                results.Add(await apply(context, token));
            },
            cancellationToken);
        return results[0];
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Write>(MaxBatch);
        while (await _writes.Reader.WaitToReadAsync(stoppingToken))
        {
            batch.Clear();
            while (batch.Count < MaxBatch && _writes.Reader.TryRead(out var write))
            {
                batch.Add(write);
            }

            await CommitAsync(batch, stoppingToken);
            changes.Raise();
        }
    }

    private async Task CommitAsync(IReadOnlyList<Write> batch, CancellationToken cancellationToken)
    {
        try
        {
            await using var context = await contexts.CreateDbContextAsync(cancellationToken);
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            foreach (var write in batch)
            {
                await write.Apply(context, cancellationToken);
            }

            await context.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (batch.Count == 1)
            {
                batch[0].Completion.SetException(exception);
                return;
            }

            // One bad write must not take its neighbours with it.
            foreach (var write in batch)
            {
                await CommitAsync([write], cancellationToken);
            }

            return;
        }

        foreach (var write in batch)
        {
            write.Completion.SetResult();
        }
    }

    private static async Task AddAsync(LedgerContext context, LedgerFact fact, CancellationToken cancellationToken)
    {
        // FindAsync sees rows of this batch that are not saved yet, too.
        if (await context.Receipts.FindAsync([fact.Receipt.Key], cancellationToken) is not null)
        {
            return;
        }

        context.Receipts.Add(fact.Receipt);
        foreach (var row in fact.Rows)
        {
            var key = context.Model.FindEntityType(row.GetType())?.FindPrimaryKey()
                ?? throw new InvalidOperationException($"{row.GetType().Name} is no row of the ledger.");
            var values = key.Properties.Select(property => property.PropertyInfo?.GetValue(row)).ToArray();
            if (await context.FindAsync(row.GetType(), values, cancellationToken) is null)
            {
                context.Add(row);
            }
        }
    }
}
