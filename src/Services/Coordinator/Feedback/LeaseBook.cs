using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Prompts;

namespace Rlhf.Coordinator.Feedback;

/// <summary>
/// Gives pairs to labellers, within a transaction of the ledger's one writer: what it reads is all that was written before,
/// so no pair is given to more people than are meant to have it.
/// </summary>
internal sealed class LeaseBook(Guidelines guidelines, TimeProvider time)
{
    /// <summary>Pairs that a labeller may have open: one in work, and two that a page holds ready.</summary>
    public const int MaxOpen = 3;

    /// <summary>The pair that a labeller gets next.</summary>
    public async Task<NextPair> NextAsync(
        LedgerContext ledger, LabellingRow labelling, string labellerId, IReadOnlyCollection<string> held, CancellationToken cancellationToken)
    {
        if (labelling.State != LabellingState.Open)
        {
            return new NextPair(null, labelling.State == LabellingState.Paused ? NoPair.Paused : NoPair.Ended);
        }

        await TakeBackExpiredAsync(ledger, labelling, cancellationToken);
        var open = await Leases(ledger, labelling)
            .Where(lease => lease.LabellerId == labellerId && lease.State == LeaseState.Open)
            .OrderBy(lease => lease.GivenUnixMs).ThenBy(lease => lease.LeaseId)
            .ToListAsync(cancellationToken);
        if (open.Find(lease => !held.Contains(lease.LeaseId)) is { } left)
        {
            left.ExpiresUnixMs = ExpiryOf(labelling);
            return new NextPair(await ShowAsync(ledger, left, cancellationToken), null);
        }

        if (open.Count >= MaxOpen)
        {
            return new NextPair(null, NoPair.TooManyOpen);
        }

        var number = await Leases(ledger, labelling).CountAsync(lease => lease.LabellerId == labellerId, cancellationToken);
        var draw = new LeaseDraw(labelling.Seed, labellerId, number);
        var repeat = draw.IsRepeat(labelling.RepeatShare) ? await RepeatAsync(ledger, labelling, labellerId, draw, cancellationToken) : null;
        var pair = repeat ?? await FreshAsync(ledger, labelling, labellerId, cancellationToken);
        if (pair is null)
        {
            return new NextPair(null, NoPair.NothingLeft);
        }

        var lease = await GiveAsync(ledger, labelling, pair, labellerId, draw.IsAFirst(), repeat is not null, replaces: null, cancellationToken);
        return new NextPair(await ShowAsync(ledger, lease, cancellationToken), null);
    }

    /// <summary>Gives a pair to a labeller.</summary>
    public async Task<LeaseRow> GiveAsync(
        LedgerContext ledger, LabellingRow labelling, ComparisonPairRow pair, string labellerId, bool isAFirst, bool isRepeat, string? replaces,
        CancellationToken cancellationToken)
    {
        var text = guidelines.Current();
        if (await ledger.Guidelines.FindAsync([text.Hash], cancellationToken) is null)
        {
            ledger.Guidelines.Add(new GuidelinesRow { Hash = text.Hash, Text = text.Text });
        }

        var lease = new LeaseRow
        {
            LeaseId = Guid.NewGuid().ToString("N"),
            PairId = pair.PairId,
            RunId = pair.RunId,
            Stage = pair.Stage,
            LabellerId = labellerId,
            IsAFirst = isAFirst,
            IsRepeat = isRepeat,
            GuidelinesHash = text.Hash,
            ReplacesLeaseId = replaces,
            GivenUnixMs = Now,
            ExpiresUnixMs = ExpiryOf(labelling),
            State = LeaseState.Open,
        };
        ledger.Leases.Add(lease);
        if (!isRepeat)
        {
            Take(pair, 1);
        }

        return lease;
    }

    /// <summary>What the labeller sees of a lease.</summary>
    public static async Task<PairLease> ShowAsync(LedgerContext ledger, LeaseRow lease, CancellationToken cancellationToken)
    {
        var pair = await PairAsync(ledger, lease.PairId, cancellationToken);
        var prompt = await ledger.Prompts.AsNoTracking()
            .SingleAsync(row => row.RunId == pair.RunId && row.PromptId == pair.PromptId, cancellationToken);
        var texts = await ledger.Responses.AsNoTracking()
            .Where(row => row.ResponseId == pair.ResponseAId || row.ResponseId == pair.ResponseBId)
            .ToDictionaryAsync(row => row.ResponseId, row => row.Text, cancellationToken);
        var (a, b) = (texts[pair.ResponseAId], texts[pair.ResponseBId]);
        return new PairLease(
            lease.LeaseId, lease.RunId, lease.PairId, JsonSerializer.Deserialize<List<Turn>>(prompt.Turns) ?? [],
            lease.IsAFirst ? a : b, lease.IsAFirst ? b : a, lease.ExpiresUnixMs, lease.GuidelinesHash);
    }

    /// <summary>A pair that a lease or label names.</summary>
    public static async Task<ComparisonPairRow> PairAsync(LedgerContext ledger, string pairId, CancellationToken cancellationToken) =>
        await ledger.ComparisonPairs.FindAsync([pairId], cancellationToken)
        ?? throw new InvalidOperationException($"the ledger has no pair '{pairId}', but a lease of it");

    /// <summary>Counts one more, or one fewer, who has or had the pair.</summary>
    public static void Take(ComparisonPairRow pair, int change)
    {
        pair.Taken += change;
        if (pair.State != PairState.Flagged)
        {
            pair.State = pair.Taken < pair.Copies ? PairState.Available : PairState.Taken;
        }
    }

    private static IQueryable<LeaseRow> Leases(LedgerContext ledger, LabellingRow labelling) =>
        ledger.Leases.Where(lease => lease.RunId == labelling.RunId && lease.Stage == labelling.Stage);

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private long ExpiryOf(LabellingRow labelling) => Now + (labelling.LeaseSeconds * 1000L);

    // Looked for when somebody asks: nobody misses a pair before.
    private async Task TakeBackExpiredAsync(LedgerContext ledger, LabellingRow labelling, CancellationToken cancellationToken)
    {
        var now = Now;
        var expired = await Leases(ledger, labelling)
            .Where(lease => lease.State == LeaseState.Open && lease.ExpiresUnixMs <= now)
            .ToListAsync(cancellationToken);
        foreach (var lease in expired)
        {
            lease.State = LeaseState.Returned;
            if (!lease.IsRepeat)
            {
                Take(await PairAsync(ledger, lease.PairId, cancellationToken), -1);
            }
        }

        await ledger.SaveChangesAsync(cancellationToken);
    }

    // Everybody goes along the same row of pairs, so one that is meant for two is soon seen by the second.
    private static Task<ComparisonPairRow?> FreshAsync(
        LedgerContext ledger, LabellingRow labelling, string labellerId, CancellationToken cancellationToken) =>
        ledger.ComparisonPairs
            .Where(pair => pair.RunId == labelling.RunId && pair.Stage == labelling.Stage && pair.State == PairState.Available)
            .Where(pair => !ledger.Leases.Any(lease =>
                lease.PairId == pair.PairId && lease.LabellerId == labellerId
                && (lease.State == LeaseState.Open || lease.State == LeaseState.Labelled)))
            .OrderBy(pair => pair.Priority).ThenBy(pair => pair.Position)
            .FirstOrDefaultAsync(cancellationToken);

    private static async Task<ComparisonPairRow?> RepeatAsync(
        LedgerContext ledger, LabellingRow labelling, string labellerId, LeaseDraw draw, CancellationToken cancellationToken)
    {
        var mine = ledger.Labels.Where(label =>
            label.RunId == labelling.RunId && label.Stage == labelling.Stage && label.LabellerId == labellerId && label.UndoneUnixMs == null);
        var cutoff = await mine.OrderByDescending(label => label.Number).Skip(LeaseDraw.MinLabelsBetween - 1)
            .Select(label => (long?)label.Number).FirstOrDefaultAsync(cancellationToken);
        if (cutoff is null)
        {
            return null;
        }

        var candidates = mine.Where(label => label.PreferenceA != null && !label.IsRepeat && label.Number < cutoff)
            .Where(label => !ledger.Leases.Any(lease =>
                lease.PairId == label.PairId && lease.LabellerId == labellerId && lease.IsRepeat && lease.State != LeaseState.Returned))
            .Where(label => !ledger.ComparisonPairs.Any(pair => pair.PairId == label.PairId && pair.State == PairState.Flagged))
            .OrderBy(label => label.Number).Select(label => label.PairId);
        var count = await candidates.CountAsync(cancellationToken);
        return count == 0
            ? null
            : await PairAsync(ledger, await candidates.Skip(draw.RepeatIndex(count)).FirstAsync(cancellationToken), cancellationToken);
    }
}
