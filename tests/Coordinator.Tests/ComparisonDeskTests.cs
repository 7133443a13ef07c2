using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using static Rlhf.Coordinator.Tests.LabellingHarness;

namespace Rlhf.Coordinator.Tests;

/// <summary>What becomes of a label: kept, counted, taken back, refused; and when there are enough.</summary>
public class ComparisonDeskTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected virtual Task<LabellingHarness> StartAsync() => LabellingHarness.StartAsync();

    [Fact]
    public async Task A_label_is_kept_with_the_order_that_was_shown_and_becomes_a_comparison()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 8, answers: 2, Plain);
        for (var i = 0; i < 8; i++)
        {
            var lease = await harness.LeaseAsync(Anna);
            harness.Time.Now += TimeSpan.FromSeconds(5);
            var done = await harness.Desk.SubmitAsync(Anna, lease.LeaseId, new LabelInput(Verdict.Second, 2, "clearer", 4200), Cancellation);
            Assert.Equal(new Submission(false, true), done);

            await using var ledger = harness.Ledger();
            var label = await ledger.Labels.SingleAsync(row => row.LeaseId == lease.LeaseId, Cancellation);
            var pair = await ledger.ComparisonPairs.SingleAsync(row => row.PairId == lease.PairId, Cancellation);
            var comparison = await ledger.Comparisons.SingleAsync(row => row.MessageId == lease.PairId + "/anna", Cancellation);
            var second = label.IsAFirst ? pair.ResponseBId : pair.ResponseAId;
            Assert.Equal(lease.Second, (await ledger.Responses.SingleAsync(row => row.ResponseId == second, Cancellation)).Text);

            // σ(¾ · 2) = 0.8175745.
            Assert.Equal(label.IsAFirst ? 1 - 0.8175744761936437 : 0.8175744761936437, comparison.PreferenceA, 1e-12);
            Assert.Equal("anna", comparison.LabellerId);
            Assert.Equal(("clearer", 4200, 5000), (label.Reason, label.ElapsedMs, label.SubmittedUnixMs - label.GivenUnixMs));
            Assert.NotNull(await ledger.Guidelines.FindAsync([label.GuidelinesHash], Cancellation));
        }

        await using var all = harness.Ledger();
        Assert.Equal(2, await all.Labels.Select(label => label.IsAFirst).Distinct().CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_batch_that_is_done_again_because_of_a_bad_write_doubles_nothing()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 40, answers: 2, Plain);

        var leasing = Enumerable.Range(0, 40).Select(async i =>
        {
            var lease = await harness.LeaseAsync(Person($"p{i}"));
            Assert.Equal(new Submission(false, true), await harness.LabelAsync(Person($"p{i}"), lease.LeaseId));
            return lease.PairId;
        });
        var failing = Enumerable.Range(0, 40).Select(_ => Assert.ThrowsAsync<TimeoutException>(
            () => harness.Writer.WriteAsync(static (_, _) => throw new TimeoutException(), Cancellation)));
        var pairs = Task.WhenAll([.. leasing]);
        await Task.WhenAll([pairs, .. failing]);

        Assert.Equal(40, (await pairs).Distinct().Count());
        await using var ledger = harness.Ledger();
        Assert.Equal((40, 40), (await ledger.Leases.CountAsync(Cancellation), await ledger.Labels.CountAsync(Cancellation)));
        Assert.Equal(40, (await ledger.Labellings.SingleAsync(Cancellation)).Done);
        Assert.All(await ledger.ComparisonPairs.ToListAsync(Cancellation), pair => Assert.Equal((1, PairState.Taken), (pair.Taken, pair.State)));
    }

    [Fact]
    public async Task The_same_lease_twice_counts_once_even_at_once()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 3, answers: 2, Plain);
        var lease = await harness.LeaseAsync(Anna);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => harness.LabelAsync(Anna, lease.LeaseId)));

        Assert.Single(results, result => !result.RecordedBefore);
        await using var ledger = harness.Ledger();
        Assert.Equal(1, await ledger.Labels.CountAsync(Cancellation));
        Assert.Equal(1, await ledger.Comparisons.CountAsync(Cancellation));
        Assert.Equal(1, (await ledger.Labellings.SingleAsync(Cancellation)).Done);
    }

    [Theory]
    [InlineData(Verdict.First, 0, 0, 0)]
    [InlineData(Verdict.Second, 5, 0, 0)]
    [InlineData(Verdict.Tie, 1, 0, 0)]
    [InlineData(Verdict.First, 1, LabelInput.MaxReasonLength + 1, 0)]
    [InlineData(Verdict.First, 1, 0, -1)]
    [InlineData(Verdict.First, 1, 0, LabelInput.MaxElapsedMs + 1)]
    [InlineData((Verdict)99, 0, 0, 0)]
    public async Task A_label_out_of_its_bounds_is_refused(object verdict, int strength, int reasonLength, long elapsedMs)
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 3, answers: 2, Plain);
        var lease = await harness.LeaseAsync(Anna);

        await Assert.ThrowsAsync<ArgumentException>(() => harness.Desk.SubmitAsync(
            Anna, lease.LeaseId, new LabelInput((Verdict)verdict, strength, new string('x', reasonLength), elapsedMs), Cancellation));

        Assert.Equal(new Submission(false, true), await harness.LabelAsync(Anna, lease.LeaseId));
    }

    [Fact]
    public async Task The_last_label_can_be_taken_back_and_given_anew()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 3, answers: 2, Plain);
        var earlier = await harness.LeaseAsync(Anna);
        await harness.LabelAsync(Anna, earlier.LeaseId);
        var last = await harness.LeaseAsync(Anna);
        await harness.LabelAsync(Anna, last.LeaseId, Verdict.First);

        var notLast = await Assert.ThrowsAsync<RefusedException>(() => harness.Desk.UndoAsync(Anna, RunId, earlier.LeaseId, Cancellation));
        Assert.Equal(Refusal.NotNow, notLast.Refusal);
        var again = await harness.Desk.UndoAsync(Anna, RunId, last.LeaseId, Cancellation);
        Assert.Equal((last.PairId, last.First, last.Second), (again.PairId, again.First, again.Second));
        Assert.Equal(again.LeaseId, (await harness.Desk.UndoAsync(Anna, RunId, last.LeaseId, Cancellation)).LeaseId);
        Assert.Equal(1, (await harness.Desk.ProgressAsync(Anna, RunId, Cancellation)).Done);
        await harness.LabelAsync(Anna, again.LeaseId, Verdict.Second);

        await using var ledger = harness.Ledger();
        var labels = await ledger.Labels.Where(label => label.PairId == last.PairId).OrderBy(label => label.Number).ToListAsync(Cancellation);
        Assert.Equal([Verdict.First, Verdict.Second], labels.Select(label => label.Verdict));
        Assert.NotNull(labels[0].UndoneUnixMs);
        Assert.Null(labels[1].UndoneUnixMs);
        Assert.Equal(labels[1].PreferenceA, (await ledger.Comparisons.SingleAsync(row => row.MessageId == last.PairId + "/anna", Cancellation)).PreferenceA);
        Assert.Equal(2, (await ledger.Labellings.SingleAsync(Cancellation)).Done);
    }

    [Fact]
    public async Task A_skipped_pair_goes_to_somebody_else_and_a_flagged_one_to_nobody()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 2, answers: 2, Plain);
        var skipped = await harness.LeaseAsync(Anna);
        Assert.False((await harness.LabelAsync(Anna, skipped.LeaseId, Verdict.Skip)).IsCounted);
        var flagged = await harness.LeaseAsync(Anna);
        Assert.NotEqual(skipped.PairId, flagged.PairId);
        Assert.False((await harness.LabelAsync(Anna, flagged.LeaseId, Verdict.Flag)).IsCounted);

        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Anna, RunId, [], Cancellation)).Reason);
        var forBen = await harness.LeaseAsync(Ben);
        Assert.Equal(skipped.PairId, forBen.PairId);
        await harness.LabelAsync(Ben, forBen.LeaseId, Verdict.Tie);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Ben, RunId, [], Cancellation)).Reason);

        Assert.Equal(1, Assert.Single(await harness.Desk.ListAsync(Cancellation)).Flagged);

        // A flag that is taken back puts its pair back.
        var unflagged = await harness.Desk.UndoAsync(Anna, RunId, "", Cancellation);
        Assert.Equal(flagged.PairId, unflagged.PairId);
        Assert.True((await harness.LabelAsync(Anna, unflagged.LeaseId, Verdict.BothBad)).IsCounted);

        var progress = await harness.Desk.ProgressAsync(new Labeller("l", LabellerRole.Lead, false), RunId, Cancellation);
        Assert.Equal((2, 0, LabellingState.Ended), (progress.Done, progress.Flagged, progress.State));
        Assert.Equal([("anna", 1, 1), ("ben", 1, 0)], progress.Labellers.Select(share => (share.LabellerId, share.Counted, share.Skipped)));
        await using var ledger = harness.Ledger();
        Assert.All(await ledger.Comparisons.ToListAsync(Cancellation), row => Assert.Equal(0.5, row.PreferenceA));
    }

    [Fact]
    public async Task A_flag_withholds_a_pair_from_the_second_person_too()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 1, answers: 2, Plain with { OverlapShare = 1 });

        await harness.LabelAsync(Anna, (await harness.LeaseAsync(Anna)).LeaseId, Verdict.Flag);

        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Ben, RunId, [], Cancellation)).Reason);
    }

    [Fact]
    public async Task What_comes_after_the_goal_is_kept_but_not_counted()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 9, answers: 2, Plain with { Labels = 2 });
        var late = await harness.LeaseAsync(Ben);
        for (var i = 0; i < 2; i++)
        {
            await harness.LabelAsync(Anna, (await harness.LeaseAsync(Anna)).LeaseId);
        }

        Assert.Equal(NoPair.Ended, (await harness.Desk.NextAsync(Anna, RunId, [], Cancellation)).Reason);
        Assert.Equal(new Submission(false, false), await harness.LabelAsync(Ben, late.LeaseId));
        await using var ledger = harness.Ledger();
        Assert.Equal(2, await ledger.Comparisons.CountAsync(Cancellation));
        Assert.Equal(3, await ledger.Labels.CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_lead_ends_the_labelling_once_there_is_enough_to_go_on_with()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 9, answers: 2, Plain);
        var lead = new Labeller("lead", LabellerRole.Lead, false);
        await harness.LabelAsync(Anna, (await harness.LeaseAsync(Anna)).LeaseId);

        Assert.Equal(Refusal.Forbidden, (await Assert.ThrowsAsync<RefusedException>(() => harness.Desk.FinishAsync(Anna, RunId, Cancellation))).Refusal);
        Assert.Equal(Refusal.NotNow, (await Assert.ThrowsAsync<RefusedException>(() => harness.Desk.FinishAsync(lead, RunId, Cancellation))).Refusal);
        await harness.LabelAsync(Anna, (await harness.LeaseAsync(Anna)).LeaseId);
        Assert.Equal(LabellingState.Ended, (await harness.Desk.FinishAsync(lead, RunId, Cancellation)).State);
        Assert.Equal(NoPair.Ended, (await harness.Desk.NextAsync(Anna, RunId, [], Cancellation)).Reason);
    }
}
