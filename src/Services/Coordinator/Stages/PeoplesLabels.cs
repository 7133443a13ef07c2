using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Stages;

/// <summary>A stage's request for people's labels: asks for them, and waits, for days if need be and across restarts.</summary>
internal sealed class PeoplesLabels
{
    // Labels come in bursts; the progress need not be told more often.
    private static readonly TimeSpan _tellingInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan _pauseTimeout = TimeSpan.FromSeconds(3);

    private readonly StageContext _context;

    private PeoplesLabels(StageContext context, int wanted) => (_context, Wanted) = (context, wanted);

    /// <summary>The goal.</summary>
    public int Wanted { get; }

    /// <summary>Puts the pairs out, or finds that they were put out before, and lets people label.</summary>
    public static async Task<PeoplesLabels> OpenAsync(
        StageContext context, PreferencesOptions options, IReadOnlyList<PairPlan> pairs, CancellationToken cancellationToken)
    {
        var (labelling, rows) = LabellingPlan.Of(context.Run.RunId, context.Name, options, pairs, context.SeedFor, context.Now);
        await context.WriteAsync(async (ledger, token) =>
        {
            if (await ledger.Labellings.FindAsync([context.Run.RunId, context.Name], token) is { } known)
            {
                known.State = known.State == LabellingState.Paused ? LabellingState.Open : known.State;
                return;
            }

            ledger.Labellings.Add(labelling);
            ledger.ComparisonPairs.AddRange(rows);
        }, cancellationToken);
        return new PeoplesLabels(context, labelling.Wanted);
    }

    /// <summary>Returns when the goal is met, or a lead has ended the labelling.</summary>
    /// <param name="doneBefore">What the stage has done beside this.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task WaitAsync(int doneBefore, CancellationToken cancellationToken)
    {
        var told = -1;
        while (true)
        {
            var change = _context.NextChange;
            var labelling = await ReadAsync(cancellationToken);
            var isEnded = labelling.State == LabellingState.Ended;

            // Telling is a change of the ledger itself: only what is new is told.
            if (labelling.Done != told || isEnded)
            {
                told = labelling.Done;
                _context.Report(doneBefore + told, doneBefore + (isEnded ? told : Wanted), "comparisons", Detail(labelling, isEnded));
            }

            if (isEnded)
            {
                return;
            }

            await change.WaitAsync(cancellationToken);
            await Task.Delay(_tellingInterval, cancellationToken);
        }
    }

    /// <summary>Has people wait until the run goes on.</summary>
    public async Task PauseAsync()
    {
        using var timeout = new CancellationTokenSource(_pauseTimeout);
        await _context.WriteAsync(
            async (ledger, token) =>
            {
                if (await ledger.Labellings.FindAsync([_context.Run.RunId, _context.Name], token) is { State: LabellingState.Open } labelling)
                {
                    labelling.State = LabellingState.Paused;
                }
            },
            timeout.Token);
    }

    private string Detail(LabellingRow labelling, bool isEnded) =>
        !isEnded ? "waiting for people"
        : labelling.EndedBy is { } lead ? $"ended by {lead} at {labelling.Done} of {Wanted}"
        : "";

    private async Task<LabellingRow> ReadAsync(CancellationToken cancellationToken)
    {
        await using var ledger = await _context.OpenLedgerAsync(cancellationToken);
        return await ledger.Labellings.FindAsync([_context.Run.RunId, _context.Name], cancellationToken)
            ?? throw new InvalidOperationException($"the labelling of stage '{_context.Name}' is gone from the ledger");
    }
}
