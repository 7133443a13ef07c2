using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Stages;

/// <summary>What people are asked to label: a function of the answers, the options and the seed.</summary>
/// <param name="Labelling">The request.</param>
/// <param name="Pairs">Its pairs, in their turn.</param>
internal sealed record LabellingPlan(LabellingRow Labelling, IReadOnlyList<ComparisonPairRow> Pairs)
{
    // Of every label there is a choice of so many pairs: some are skipped or flagged, and the order of few is uncertain.
    private const int PairsPerLabel = 4;

    /// <summary>Plans it.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="stage">The stage.</param>
    /// <param name="options">The stage's.</param>
    /// <param name="pairs">All pairs that people may compare, in their turn.</param>
    /// <param name="seedFor">The seed for a purpose.</param>
    /// <param name="now">The time.</param>
    public static LabellingPlan Of(
        string runId, string stage, PreferencesOptions options, IReadOnlyList<PairPlan> pairs, Func<string, long> seedFor, DateTimeOffset now)
    {
        var rows = pairs.Take((int)Math.Min(pairs.Count, (long)PairsPerLabel * options.Labels)).Select((pair, position) => new ComparisonPairRow
        {
            PairId = $"{runId}/{stage}/{pair.Item}",
            RunId = runId,
            Stage = stage,
            PromptId = pair.A.PromptId,
            ResponseAId = pair.A.ResponseId,
            ResponseBId = pair.B.ResponseId,
            Position = position,
            Copies = Seeds.Uniform(seedFor($"copies/{pair.Item}")) < options.OverlapShare ? 2 : 1,
            State = PairState.Available,
            Priority = pair.Rank == 0 || options.Order == PairOrder.Spread ? 0 : 1,
        }).ToList();
        return new LabellingPlan(
            new LabellingRow
            {
                RunId = runId,
                Stage = stage,
                Seed = seedFor("labelling"),
                Wanted = Math.Min(options.Labels, rows.Sum(pair => pair.Copies)),
                LeaseSeconds = options.LeaseMinutes * 60,
                RepeatShare = options.RepeatShare,
                PrefersUncertain = options.Order == PairOrder.Uncertain,
                OpenedUnixMs = now.ToUnixTimeMilliseconds(),
                State = LabellingState.Open,
            },
            rows);
    }
}
