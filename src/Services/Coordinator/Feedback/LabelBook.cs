using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Ratings;

namespace Rlhf.Coordinator.Feedback;

/// <summary>Takes labels and takes them back, within a transaction of the ledger's one writer.</summary>
internal sealed class LabelBook(LeaseBook leases, TimeProvider time)
{
    /// <summary>Records a label, or says why not.</summary>
    public async Task<(Submission? Done, RefusedException? Refused)> SubmitAsync(
        LedgerContext ledger, Labeller who, string leaseId, LabelInput input, CancellationToken cancellationToken)
    {
        if (await ledger.Leases.FindAsync([leaseId], cancellationToken) is not { } lease)
        {
            return (null, new RefusedException(Refusal.NotFound, "there is no such lease; ask for the next comparison"));
        }

        if (lease.LabellerId != who.Id)
        {
            return (null, new RefusedException(Refusal.Forbidden, "this lease is another labeller's; ask for a comparison of your own"));
        }

        if (await ledger.Labels.FindAsync([leaseId], cancellationToken) is { } before)
        {
            return (new Submission(RecordedBefore: true, before.IsCounted && before.UndoneUnixMs is null), null);
        }

        if (lease.State != LeaseState.Open)
        {
            return (null, new RefusedException(Refusal.NotNow, "the lease expired and its pair went back; ask for the next comparison"));
        }

        var labelling = await LabellingAsync(ledger, lease, cancellationToken);
        if (labelling.State == LabellingState.Paused)
        {
            return (null, new RefusedException(Refusal.NotNow, "the run is paused; hand the label in when it goes on"));
        }

        var pair = await LeaseBook.PairAsync(ledger, lease.PairId, cancellationToken);
        var label = Label(lease, pair, who, input, labelling);
        ledger.Labels.Add(label);
        lease.State = LeaseState.Labelled;
        labelling.Labels++;
        await CountAsync(ledger, labelling, pair, label, +1, cancellationToken);
        return (new Submission(RecordedBefore: false, label.IsCounted), null);
    }

    /// <summary>Takes a labeller's last label back, or says why not.</summary>
    public async Task<(PairLease? Lease, RefusedException? Refused)> UndoAsync(
        LedgerContext ledger, Labeller who, LabellingRow labelling, string leaseId, CancellationToken cancellationToken)
    {
        if (labelling.State != LabellingState.Open)
        {
            return (null, new RefusedException(Refusal.NotNow, "labelling has ended or is paused; what was labelled stands"));
        }

        if (leaseId.Length > 0 && await ledger.Leases.FirstOrDefaultAsync(
            row => row.ReplacesLeaseId == leaseId && row.LabellerId == who.Id && row.State == LeaseState.Open, cancellationToken) is { } replacing)
        {
            return (await LeaseBook.ShowAsync(ledger, replacing, cancellationToken), null);
        }

        var last = await ledger.Labels
            .Where(label => label.RunId == labelling.RunId && label.Stage == labelling.Stage && label.LabellerId == who.Id && label.UndoneUnixMs == null)
            .OrderByDescending(label => label.Number)
            .FirstOrDefaultAsync(cancellationToken);
        if (last is null || (leaseId.Length > 0 && last.LeaseId != leaseId))
        {
            return (null, new RefusedException(
                Refusal.NotNow, last is null ? "there is no label of yours to take back" : "this lease is not the one that you labelled last; only that one can be taken back"));
        }

        var undone = await ledger.Leases.SingleAsync(lease => lease.LeaseId == last.LeaseId, cancellationToken);
        var pair = await LeaseBook.PairAsync(ledger, last.PairId, cancellationToken);
        last.UndoneUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        undone.State = LeaseState.Undone;
        await CountAsync(ledger, labelling, pair, last, -1, cancellationToken);
        if (!last.IsRepeat && last.Verdict != Verdict.Skip)
        {
            LeaseBook.Take(pair, -1);
        }

        var again = await leases.GiveAsync(ledger, labelling, pair, who.Id, last.IsAFirst, last.IsRepeat, last.LeaseId, cancellationToken);
        return (await LeaseBook.ShowAsync(ledger, again, cancellationToken), null);
    }

    private LabelRow Label(LeaseRow lease, ComparisonPairRow pair, Labeller who, LabelInput input, LabellingRow labelling)
    {
        var first = PreferenceScale.PreferenceFirst(input.Verdict, input.Strength);
        return new LabelRow
        {
            LeaseId = lease.LeaseId,
            PairId = pair.PairId,
            RunId = pair.RunId,
            Stage = pair.Stage,
            Number = labelling.Labels,
            PromptId = pair.PromptId,
            LabellerId = who.Id,
            IsProgram = who.IsProgram,
            IsAFirst = lease.IsAFirst,
            Verdict = input.Verdict,
            Strength = input.Strength,
            Reason = input.Reason,
            PreferenceA = lease.IsAFirst ? first : 1 - first,
            IsRepeat = lease.IsRepeat,
            // What comes after the end is kept, but training has begun without it.
            IsCounted = first is not null && !lease.IsRepeat && labelling.State == LabellingState.Open,
            ElapsedMs = input.ElapsedMs,
            GivenUnixMs = lease.GivenUnixMs,
            SubmittedUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            GuidelinesHash = lease.GuidelinesHash,
        };
    }

    /// <summary>Adds a label to what its stage has, or takes it away.</summary>
    private static async Task CountAsync(
        LedgerContext ledger, LabellingRow labelling, ComparisonPairRow pair, LabelRow label, int sign, CancellationToken cancellationToken)
    {
        if (label.Verdict == Verdict.Flag)
        {
            labelling.Flagged += (pair.State == PairState.Flagged) == sign > 0 ? 0 : sign;
            pair.State = sign > 0 ? PairState.Flagged : PairState.Taken;
            LeaseBook.Take(pair, 0);
        }

        if (label.Verdict == Verdict.Skip && !label.IsRepeat && sign > 0)
        {
            LeaseBook.Take(pair, -1);
        }

        if (!label.IsCounted)
        {
            return;
        }

        labelling.Done += sign;
        if (sign > 0)
        {
            ledger.Comparisons.Add(ComparisonOf(label, pair));
        }
        else
        {
            ledger.Comparisons.Remove(await ledger.Comparisons.SingleAsync(row => row.MessageId == ComparisonIdOf(label), cancellationToken));
        }

        if (labelling.Done >= labelling.Wanted)
        {
            labelling.State = LabellingState.Ended;
        }
        else if (labelling.PrefersUncertain)
        {
            await ledger.SaveChangesAsync(cancellationToken);
            await PrioritiseAsync(ledger, pair, cancellationToken);
        }
    }

    private static string ComparisonIdOf(LabelRow label) => $"{label.PairId}/{label.LabellerId}";

    private static ComparisonRow ComparisonOf(LabelRow label, ComparisonPairRow pair) => new()
    {
        MessageId = ComparisonIdOf(label),
        RunId = pair.RunId,
        Stage = pair.Stage,
        PromptId = pair.PromptId,
        ResponseAId = pair.ResponseAId,
        ResponseBId = pair.ResponseBId,
        PreferenceA = label.PreferenceA ?? throw new InvalidOperationException("only a label with a preference counts"),
        LabellerId = label.LabellerId,
    };

    /// <summary>Puts those of a prompt's pairs first whose order its comparisons leave uncertain; its first pair stays where it is.</summary>
    private static async Task PrioritiseAsync(LedgerContext ledger, ComparisonPairRow labelled, CancellationToken cancellationToken)
    {
        var pairs = await ledger.ComparisonPairs
            .Where(pair => pair.RunId == labelled.RunId && pair.Stage == labelled.Stage && pair.PromptId == labelled.PromptId)
            .ToListAsync(cancellationToken);
        var comparisons = await ledger.Comparisons.AsNoTracking()
            .Where(row => row.RunId == labelled.RunId && row.Stage == labelled.Stage && row.PromptId == labelled.PromptId)
            .ToListAsync(cancellationToken);
        var answers = pairs.SelectMany(pair => new[] { pair.ResponseAId, pair.ResponseBId }).Distinct()
            .Select((id, index) => (id, index)).ToDictionary();
        var priorities = PairUncertainty.Priorities(
            answers.Count,
            [.. comparisons.Select(row => new Comparison(answers[row.ResponseAId], answers[row.ResponseBId], row.PreferenceA))],
            [.. pairs.Select(pair => (answers[pair.ResponseAId], answers[pair.ResponseBId]))]);
        foreach (var (pair, priority) in pairs.Zip(priorities).Where(item => item.First.Priority > 0))
        {
            pair.Priority = priority;
        }
    }

    private static async Task<LabellingRow> LabellingAsync(LedgerContext ledger, LeaseRow lease, CancellationToken cancellationToken) =>
        await ledger.Labellings.FindAsync([lease.RunId, lease.Stage], cancellationToken)
        ?? throw new InvalidOperationException($"the ledger has no labelling '{lease.RunId}/{lease.Stage}', but a lease of it");
}
