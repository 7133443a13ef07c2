using Rlhf.Coordinator.Agreement;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Reports;

namespace Rlhf.Coordinator.Tests;

public sealed class PeopleReportTests
{
    private int _number;

    private LabelRow Label(
        string pair, string labeller, Verdict verdict, bool isAFirst = true, bool isRepeat = false, bool isUndone = false, bool isProgram = false,
        bool isLate = false)
    {
        var first = PreferenceScale.PreferenceFirst(verdict, 1);
        return new LabelRow
        {
            LeaseId = $"{_number}",
            PairId = pair,
            RunId = "r",
            Stage = "s",
            Number = _number++,
            PromptId = "p",
            LabellerId = labeller,
            IsProgram = isProgram,
            IsAFirst = isAFirst,
            Verdict = verdict,
            Strength = 1,
            Reason = "",
            PreferenceA = isAFirst ? first : 1 - first,
            IsRepeat = isRepeat,
            IsCounted = first is not null && !isRepeat && !isLate,
            ElapsedMs = 1000 * _number,
            GivenUnixMs = 0,
            SubmittedUnixMs = 0,
            GuidelinesHash = "g",
            UndoneUnixMs = isUndone ? 1 : null,
        };
    }

    private static JudgedPair Judged(string pair, double preferenceA, string principle) => new(pair, preferenceA, principle);

    [Fact]
    public void Labels_are_counted_by_what_they_are()
    {
        var report = PeopleReportBuilder.Of(
            [
                Label("1", "anna", Verdict.First), Label("2", "anna", Verdict.Tie), Label("3", "anna", Verdict.Skip), Label("4", "anna", Verdict.Flag),
                Label("5", "anna", Verdict.Second, isUndone: true), Label("5", "anna", Verdict.First), Label("1", "anna", Verdict.First, isRepeat: true),
                Label("6", "script", Verdict.BothBad, isProgram: true), Label("7", "script", Verdict.Second, isProgram: true, isLate: true),
            ],
            []);

        Assert.Equal((4, 0.25, 1, 1, 1), (report.Labels, report.ProgramShare, report.Undone, report.Repeats, report.Late));
        Assert.Equal(
            [("first", 3), ("second", 1), ("tie", 1), ("bothBad", 1), ("skip", 1), ("flag", 1)], report.Verdicts.Select(pair => (pair.Key, pair.Value)));
        Assert.Equal([("anna", false, 3), ("script", true, 1)], report.Labellers.Select(labeller => (labeller.Name, labeller.IsProgram, labeller.Labels)));

        // anna's stand: 1, 2, 3, 4, 6 and 7 s. script's: 8 and 9 s.
        Assert.Equal([3.5, 8.5], report.Labellers.Select(labeller => labeller.MedianSeconds));
        Assert.Null(report.AgreementWithJudge);
    }

    [Fact]
    public void Agreement_and_consistency_are_about_answers_and_position_about_places()
    {
        // Pair 1: both choose A, though one saw it second. Pair 2: A against B. Pair 3: tie against both bad, which agree.
        var report = PeopleReportBuilder.Of(
            [
                Label("1", "anna", Verdict.First), Label("1", "ben", Verdict.Second, isAFirst: false),
                Label("2", "ben", Verdict.First), Label("2", "anna", Verdict.Second),
                Label("3", "anna", Verdict.Tie), Label("3", "ben", Verdict.BothBad),
                Label("1", "anna", Verdict.Second, isAFirst: false, isRepeat: true),
                Label("2", "anna", Verdict.First, isRepeat: true),
            ],
            []);

        // Two of three agree. Of the six labels three are A, one B, two neither: expected ¼ + 1/36 + 1/9 = 7/18; κ = (2/3 − 7/18) / (11/18).
        Assert.Equal(5 / 11.0, report.Agreement.Value ?? double.NaN, 1e-12);
        Assert.Equal((3, 2 / 3.0), (report.Agreement.Items, report.Agreement.Observed));

        // anna: A, B, neither. ben: A, A, neither. Expected ⅓·⅔ + ⅓·0 + ⅓·⅓ = ⅓; κ = (⅔ − ⅓) / ⅔.
        var pair = Assert.Single(report.AgreementByLabellers);
        Assert.Equal(("anna", "ben"), (pair.First, pair.Second));
        Assert.Equal(0.5, pair.Agreement.Value ?? double.NaN, 1e-12);

        // anna said A again of the first pair, and A instead of B of the second one.
        Assert.Equal((0.5, 2), (report.Labellers[0].Consistency.Value, report.Labellers[0].Consistency.Of));
        Assert.Equal(new Share(null, null, null, 0), report.Labellers[1].Consistency);
        Assert.Equal((0.5, 4), (report.Labellers[0].FirstShare.Value, report.Labellers[0].FirstShare.Of));
        Assert.Equal((0.5, 6), (report.FirstShare.Value, report.FirstShare.Of));
    }

    [Fact]
    public void Agreement_with_the_judge_is_over_pairs_that_both_compared_and_by_principle()
    {
        var report = PeopleReportBuilder.Of(
            [
                Label("1", "anna", Verdict.First), Label("2", "anna", Verdict.Second), Label("3", "anna", Verdict.First), Label("4", "anna", Verdict.Second),
                Label("5", "anna", Verdict.First), Label("1", "ben", Verdict.Second), Label("6", "anna", Verdict.Tie),
            ],
            [
                Judged("1", 0.7, "kind"), Judged("2", 0.1, "kind"), Judged("3", 0.2, "honest"), Judged("4", 0.3, "honest"),
                Judged("6", 0.59, "fair"),
            ]);

        // People: A, B, A, B, neither. Judge: A, B, B, B, neither (0.59 is not clear). Expected (2·1 + 2·3 + 1·1) / 25; κ = (0.8 − 0.36) / 0.64.
        Assert.Equal((0.6875, 5), (Math.Round(report.AgreementWithJudge?.Value ?? 0, 12), report.AgreementWithJudge?.Items));
        Assert.Null(report.AgreementWithJudgeByPrinciple["fair"].Value);
        Assert.Equal((1.0, 2), (report.AgreementWithJudgeByPrinciple["kind"].Value, report.AgreementWithJudgeByPrinciple["kind"].Items));
        Assert.Equal((0.0, 2), (report.AgreementWithJudgeByPrinciple["honest"].Value, report.AgreementWithJudgeByPrinciple["honest"].Items));
    }
}
