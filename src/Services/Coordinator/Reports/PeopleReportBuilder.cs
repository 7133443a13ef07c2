using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Agreement;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Reports;

/// <summary>Makes the report of people's labels from the ledger.</summary>
internal static class PeopleReportBuilder
{
    /// <summary>Reads a run's labels; null where it has none.</summary>
    public static async Task<PeopleReport?> ReadAsync(LedgerContext ledger, string runId, CancellationToken cancellationToken)
    {
        var labels = await ledger.Labels.AsNoTracking().Where(label => label.RunId == runId)
            .OrderBy(label => label.Stage).ThenBy(label => label.Number).ToListAsync(cancellationToken);
        var measured = labels.Select(label => StageContext.BesideNameOf(label.Stage)).Distinct().ToList();
        var judged = await ledger.Comparisons.AsNoTracking()
            .Where(row => row.RunId == runId && measured.Contains(row.Stage))
            .Select(row => new JudgedPair(row.MessageId, row.PreferenceA, row.PrincipleId)).ToListAsync(cancellationToken);
        return labels.Count == 0 ? null : Of(labels, judged);
    }

    /// <summary>The report of labels, and of the judge's comparisons of the same pairs.</summary>
    public static PeopleReport Of(IReadOnlyList<LabelRow> labels, IReadOnlyList<JudgedPair> judged)
    {
        var standing = labels.Where(label => label.UndoneUnixMs is null).ToList();
        var counted = standing.Where(label => label.IsCounted).ToList();
        var withJudge = WithJudge(counted, judged);
        return new PeopleReport
        {
            Labels = counted.Count,
            ProgramShare = counted.Count == 0 ? null : counted.Count(label => label.IsProgram) / (double)counted.Count,
            Verdicts = standing.CountBy(label => label.Verdict).OrderBy(pair => pair.Key)
                .ToDictionary(pair => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(pair.Key.ToString()), pair => pair.Value),
            Undone = labels.Count - standing.Count,
            Repeats = standing.Count(label => label.IsRepeat),
            Late = standing.Count(label => label is { IsCounted: false, IsRepeat: false, PreferenceA: not null }),
            Labellers = [.. standing.GroupBy(label => label.LabellerId).OrderBy(group => group.Key, StringComparer.Ordinal).Select(OfLabeller)],
            Agreement = FleissKappa.Of([.. Shared(counted).Select(pair => Counts(pair.First, pair.Second))]),
            AgreementByLabellers = ByLabellers(counted),
            AgreementWithJudge = withJudge.Count == 0 ? null : Cohen(withJudge.Select(item => (item.People, item.Judge))),
            AgreementWithJudgeByPrinciple = withJudge.GroupBy(item => item.Principle).OrderBy(group => group.Key, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => Cohen(group.Select(item => (item.People, item.Judge)))),
            FirstShare = FirstShare(standing),
            Guidelines = [.. standing.Select(label => label.GuidelinesHash).Distinct().Order(StringComparer.Ordinal)],
        };
    }

    private static LabellerReport OfLabeller(IGrouping<string, LabelRow> labels)
    {
        var first = labels.Where(label => label is { IsRepeat: false, PreferenceA: not null })
            .GroupBy(label => label.PairId).ToDictionary(group => group.Key, group => ChoiceOf(group.Last()));
        var again = labels.Where(label => label is { IsRepeat: true, PreferenceA: not null } && first.ContainsKey(label.PairId)).ToList();
        var times = labels.Select(label => label.ElapsedMs).Order().ToList();
        return new LabellerReport(
            labels.Key,
            labels.Any(label => label.IsProgram),
            labels.Count(label => label.IsCounted),
            (times[(times.Count - 1) / 2] + times[times.Count / 2]) / 2.0 / 1000,
            Share.Counted(again.Count(label => ChoiceOf(label) == first[label.PairId]), again.Count),
            FirstShare(labels));
    }

    private static Share FirstShare(IEnumerable<LabelRow> labels)
    {
        var chosen = labels.Where(label => label.Verdict is Verdict.First or Verdict.Second).ToList();
        return Share.Counted(chosen.Count(label => label.Verdict == Verdict.First), chosen.Count);
    }

    /// <summary>The first two labels of each pair that two people labelled.</summary>
    private static IEnumerable<(LabelRow First, LabelRow Second)> Shared(IEnumerable<LabelRow> counted) =>
        counted.GroupBy(label => label.PairId).Select(pair => pair.ToList()).Where(pair => pair.Count > 1).Select(pair => (pair[0], pair[1]));

    private static IReadOnlyList<AgreementReport> ByLabellers(IEnumerable<LabelRow> counted) =>
    [
        .. Shared(counted)
            .Select(pair => string.CompareOrdinal(pair.First.LabellerId, pair.Second.LabellerId) < 0 ? pair : (First: pair.Second, Second: pair.First))
            .GroupBy(pair => (First: pair.First.LabellerId, Second: pair.Second.LabellerId))
            .OrderBy(group => group.Key.First, StringComparer.Ordinal).ThenBy(group => group.Key.Second, StringComparer.Ordinal)
            .Select(group => new AgreementReport(
                group.Key.First, group.Key.Second, Cohen(group.Select(pair => (ChoiceOf(pair.First), ChoiceOf(pair.Second)))))),
    ];

    // A pair's first label stands for people: one item a pair, whoever else labelled it.
    private static List<(Choice People, Choice Judge, string Principle)> WithJudge(
        IEnumerable<LabelRow> counted, IReadOnlyList<JudgedPair> judged)
    {
        var judgements = judged.ToDictionary(row => row.PairId);
        return
        [
            .. counted.DistinctBy(label => label.PairId).Where(label => judgements.ContainsKey(label.PairId))
                .Select(label => (ChoiceOf(label), Choices.Of(judgements[label.PairId].PreferenceA), judgements[label.PairId].PrincipleId ?? "")),
        ];
    }

    private static Kappa Cohen(IEnumerable<(Choice First, Choice Second)> choices) =>
        CohensKappa.Of([.. choices.Select(pair => ((int)pair.First, (int)pair.Second))], Choices.Count);

    private static int[] Counts(LabelRow first, LabelRow second)
    {
        var counts = new int[Choices.Count];
        counts[(int)ChoiceOf(first)]++;
        counts[(int)ChoiceOf(second)]++;
        return counts;
    }

    private static Choice ChoiceOf(LabelRow label) =>
        Choices.Of(label.PreferenceA ?? throw new InvalidOperationException("only labels with a preference are compared"));
}
