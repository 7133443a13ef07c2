using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Feedback;

/// <summary>Where labellers get pairs and hand in what they say: what the web pages and the gRPC service call.</summary>
internal sealed class ComparisonDesk(
    IDbContextFactory<LedgerContext> contexts, LedgerWriter ledger, LeaseBook leases, LabelBook labels)
{
    private const int MaxHeld = 16;

    // Too few for a reward model: one prompt to learn from, one to be measured on.
    private const int MinPrompts = 2;

    /// <summary>A pair for a labeller: one that they left open, or else a new one.</summary>
    /// <param name="who">Who asks.</param>
    /// <param name="runId">The run; empty for the one that is waiting for labels.</param>
    /// <param name="heldLeaseIds">Leases that the labeller has at hand, which are not returned again.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="RefusedException">The caller may not label, or there is no such run.</exception>
    public async Task<NextPair> NextAsync(
        Labeller who, string runId, IReadOnlyCollection<string> heldLeaseIds, CancellationToken cancellationToken)
    {
        LabellerAccounts.Require(who, LabellerRole.Labeller);
        if (heldLeaseIds.Count > MaxHeld)
        {
            throw new ArgumentException($"{heldLeaseIds.Count} leases are named; at most {LeaseBook.MaxOpen} can be open", nameof(heldLeaseIds));
        }

        var next = await ledger.DecideAsync(
            async (context, token) => await FindAsync(context, runId, token) is { } labelling
                ? await leases.NextAsync(context, labelling, who.Id, heldLeaseIds, token)
                : null,
            cancellationToken);
        if (next is not null)
        {
            return next;
        }

        await RequireRunAsync(runId, cancellationToken);
        return new NextPair(null, NoPair.NotYet);
    }

    /// <summary>Takes a label. The same lease twice counts once.</summary>
    /// <exception cref="ArgumentException">The label is out of its bounds.</exception>
    /// <exception cref="RefusedException">The lease is another's, unknown, or went back.</exception>
    public async Task<Submission> SubmitAsync(Labeller who, string leaseId, LabelInput label, CancellationToken cancellationToken)
    {
        LabellerAccounts.Require(who, LabellerRole.Labeller);
        label.Check();
        var (done, refused) = await ledger.DecideAsync(
            (context, token) => labels.SubmitAsync(context, who, leaseId, label, token), cancellationToken);
        return done ?? throw refused ?? throw new InvalidOperationException("a label was neither taken nor refused");
    }

    /// <summary>Takes the labeller's last label back and leases its pair anew.</summary>
    /// <param name="who">Who asks.</param>
    /// <param name="runId">The run; empty for the one that is waiting for labels.</param>
    /// <param name="leaseId">The lease of the last label; empty for whichever it was.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="RefusedException">It is not the labeller's last label, or labelling has ended.</exception>
    public async Task<PairLease> UndoAsync(Labeller who, string runId, string leaseId, CancellationToken cancellationToken)
    {
        LabellerAccounts.Require(who, LabellerRole.Labeller);
        var (lease, refused) = await ledger.DecideAsync(
            async (context, token) => await LabellingOfAsync(context, runId, leaseId, token) is { } labelling
                ? await labels.UndoAsync(context, who, labelling, leaseId, token)
                : (null, new RefusedException(Refusal.NotFound, leaseId.Length > 0 ? "there is no such lease" : "no run is waiting for labels")),
            cancellationToken);
        return lease ?? throw refused ?? throw new InvalidOperationException("a label was neither taken back nor refused");
    }

    /// <summary>How far a run's labels are.</summary>
    /// <exception cref="RefusedException">The run does not exist, or has asked for no labels yet.</exception>
    public async Task<LabellingProgress> ProgressAsync(Labeller who, string runId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (await FindAsync(context, runId, cancellationToken) is not { } labelling)
        {
            await RequireRunAsync(runId, cancellationToken);
            throw new RefusedException(Refusal.NotFound, runId.Length > 0 ? $"run '{runId}' has asked for no labels yet" : "no run has asked for labels yet");
        }

        return await ProgressOfAsync(context, labelling, who.Role == LabellerRole.Labeller ? who.Id : null, cancellationToken);
    }

    /// <summary>All stages that want or wanted labels, the newest first; without their labellers.</summary>
    public async Task<IReadOnlyList<LabellingProgress>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await context.Labellings.AsNoTracking().OrderByDescending(row => row.OpenedUnixMs).ToListAsync(cancellationToken);
        return [.. rows.Select(row => new LabellingProgress(row.RunId, row.Stage, row.State, row.Done, row.Wanted, row.Flagged, []))];
    }

    /// <summary>Ends a stage before its goal is met; its run goes on with the labels that there are.</summary>
    /// <exception cref="RefusedException">The caller is no lead, nothing is open, or there are too few labels to go on with.</exception>
    public async Task<LabellingProgress> FinishAsync(Labeller lead, string runId, CancellationToken cancellationToken)
    {
        LabellerAccounts.Require(lead, LabellerRole.Lead);
        var (progress, refused) = await ledger.DecideAsync<(LabellingProgress?, RefusedException?)>(async (context, token) =>
        {
            if (await FindAsync(context, runId, token) is not { State: not LabellingState.Ended } labelling)
            {
                return (null, new RefusedException(Refusal.NotNow, "no labelling is open that could be ended"));
            }

            var prompts = await context.Comparisons.Where(row => row.RunId == labelling.RunId && row.Stage == labelling.Stage)
                .Select(row => row.PromptId).Distinct().CountAsync(token);
            if (prompts < MinPrompts)
            {
                return (null, new RefusedException(
                    Refusal.NotNow, $"there are labels on {prompts} prompts; the stages after this one need {MinPrompts} at least"));
            }

            (labelling.State, labelling.EndedBy) = (LabellingState.Ended, lead.Id);
            return (await ProgressOfAsync(context, labelling, onlyLabeller: null, token), null);
        }, cancellationToken);
        return progress ?? throw refused ?? throw new InvalidOperationException("labelling was neither ended nor refused");
    }

    private async Task RequireRunAsync(string runId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        if (runId.Length > 0 && !await context.Runs.AnyAsync(run => run.RunId == runId, cancellationToken))
        {
            throw new RefusedException(Refusal.NotFound, $"there is no run '{runId}'");
        }
    }

    // Of several: the one that is open, else the newest.
    private static async Task<LabellingRow?> FindAsync(LedgerContext context, string runId, CancellationToken cancellationToken)
    {
        var rows = await context.Labellings.Where(row => runId == "" || row.RunId == runId)
            .OrderByDescending(row => row.OpenedUnixMs).ToListAsync(cancellationToken);
        return rows.Find(row => row.State == LabellingState.Open) ?? rows.FirstOrDefault();
    }

    private static async Task<LabellingRow?> LabellingOfAsync(
        LedgerContext context, string runId, string leaseId, CancellationToken cancellationToken)
    {
        if (leaseId.Length == 0)
        {
            return await FindAsync(context, runId, cancellationToken);
        }

        return await context.Leases.FindAsync([leaseId], cancellationToken) is { } lease
            ? await context.Labellings.FindAsync([lease.RunId, lease.Stage], cancellationToken)
            : null;
    }

    private static async Task<LabellingProgress> ProgressOfAsync(
        LedgerContext context, LabellingRow labelling, string? onlyLabeller, CancellationToken cancellationToken)
    {
        var shares = await context.Labels
            .Where(label => label.RunId == labelling.RunId && label.Stage == labelling.Stage && label.UndoneUnixMs == null
                && (onlyLabeller == null || label.LabellerId == onlyLabeller))
            .GroupBy(label => label.LabellerId)
            .OrderBy(group => group.Key)
            .Select(group => new LabellerProgress(
                group.Key,
                group.Max(label => label.IsProgram ? 1 : 0) == 1,
                group.Sum(label => label.IsCounted ? 1 : 0),
                group.Sum(label => label.IsRepeat ? 1 : 0),
                group.Sum(label => label.Verdict == Verdict.Tie || label.Verdict == Verdict.BothBad ? 1 : 0),
                group.Sum(label => label.Verdict == Verdict.Skip ? 1 : 0),
                group.Sum(label => label.Verdict == Verdict.Flag ? 1 : 0),
                group.Average(label => (double)label.ElapsedMs)))
            .ToListAsync(cancellationToken);
        return new LabellingProgress(
            labelling.RunId, labelling.Stage, labelling.State, labelling.Done, labelling.Wanted, labelling.Flagged, shares);
    }
}
