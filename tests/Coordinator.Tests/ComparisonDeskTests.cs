using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using static Rlhf.Coordinator.Tests.LabellingHarness;

namespace Rlhf.Coordinator.Tests;

public class ComparisonDeskTests
{
    private static readonly Labeller _anna = Person("anna");
    private static readonly Labeller _ben = Person("ben");
    private static readonly PreferencesOptions _plain = new() { Labels = 100, OverlapShare = 0, RepeatShare = 0 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected virtual Task<LabellingHarness> StartAsync() => LabellingHarness.StartAsync();

    [Fact]
    public async Task Every_prompts_first_pair_comes_before_any_second_one()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 6, answers: 3, _plain);

        var prompts = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            var lease = await harness.LeaseAsync(_anna);
            prompts.Add(lease.Turns[0].Content);
            await harness.LabelAsync(_anna, lease.LeaseId);
        }

        Assert.Equal(6, prompts.Take(6).Distinct().Count());
        Assert.Equal(6, prompts.Skip(6).Distinct().Count());
    }

    [Fact]
    public async Task A_label_is_kept_with_the_order_that_was_shown_and_becomes_a_comparison()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 8, answers: 2, _plain);
        for (var i = 0; i < 8; i++)
        {
            var lease = await harness.LeaseAsync(_anna);
            harness.Time.Now += TimeSpan.FromSeconds(5);
            var done = await harness.Desk.SubmitAsync(_anna, lease.LeaseId, new LabelInput(Verdict.Second, 2, "clearer", 4200), Cancellation);
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
    public async Task Two_people_never_get_a_pair_that_is_meant_for_one()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 20, answers: 2, _plain);

        var leases = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => harness.LeaseAsync(Person($"p{i}"))));

        Assert.Equal(20, leases.Select(lease => lease.PairId).Distinct().Count());
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(_anna, RunId, [], Cancellation)).Reason);
    }

    [Fact]
    public async Task A_batch_that_is_done_again_because_of_a_bad_write_doubles_nothing()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 40, answers: 2, _plain);

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
    public async Task A_pair_that_is_meant_for_two_goes_to_two_different_people()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 1, answers: 2, _plain with { OverlapShare = 1 });

        var first = await harness.LeaseAsync(_anna);
        await harness.LabelAsync(_anna, first.LeaseId);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(_anna, RunId, [], Cancellation)).Reason);
        var second = await harness.LeaseAsync(_ben);

        Assert.Equal(first.PairId, second.PairId);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Person("cleo"), RunId, [], Cancellation)).Reason);
    }

    [Fact]
    public async Task The_overlap_share_of_pairs_is_meant_for_two()
    {
        await using var harness = await StartAsync();
        var plan = await harness.OpenAsync(prompts: 500, answers: 2, _plain with { Labels = 500, OverlapShare = 0.2 });

        // 500 draws with probability 0.2: the standard deviation is 9.
        Assert.InRange(plan.Pairs.Count(pair => pair.Copies == 2), 100 - 27, 100 + 27);
    }

    [Fact]
    public async Task A_lease_left_behind_returns_and_its_late_label_is_refused()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 1, answers: 2, _plain with { LeaseMinutes = 10 });
        var left = await harness.LeaseAsync(_anna);

        harness.Time.Now += TimeSpan.FromMinutes(9.9);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(_ben, RunId, [], Cancellation)).Reason);
        harness.Time.Now += TimeSpan.FromMinutes(0.1);
        var again = await harness.LeaseAsync(_ben);

        Assert.Equal(left.PairId, again.PairId);
        Assert.NotEqual(left.LeaseId, again.LeaseId);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => harness.LabelAsync(_anna, left.LeaseId));
        Assert.Equal(Refusal.NotNow, refused.Refusal);
        Assert.Equal(new Submission(false, true), await harness.LabelAsync(_ben, again.LeaseId));
    }

    [Fact]
    public async Task An_expired_lease_that_nobody_took_over_is_still_good()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 1, answers: 2, _plain with { LeaseMinutes = 10 });
        var lease = await harness.LeaseAsync(_anna);

        harness.Time.Now += TimeSpan.FromHours(1);

        Assert.Equal(new Submission(false, true), await harness.LabelAsync(_anna, lease.LeaseId));
    }

    [Fact]
    public async Task An_open_lease_is_given_back_before_a_new_one_and_three_are_the_most()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 9, answers: 2, _plain);

        var first = await harness.LeaseAsync(_anna);
        Assert.Equal(first.LeaseId, (await harness.LeaseAsync(_anna)).LeaseId);
        var second = await harness.LeaseAsync(_anna, first.LeaseId);
        var third = await harness.LeaseAsync(_anna, first.LeaseId, second.LeaseId);

        Assert.Equal(3, new[] { first, second, third }.Select(lease => lease.PairId).Distinct().Count());
        var fourth = await harness.Desk.NextAsync(_anna, RunId, [first.LeaseId, second.LeaseId, third.LeaseId], Cancellation);
        Assert.Equal(NoPair.TooManyOpen, fourth.Reason);
    }

    [Fact]
    public async Task The_same_lease_twice_counts_once_even_at_once()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 3, answers: 2, _plain);
        var lease = await harness.LeaseAsync(_anna);

        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => harness.LabelAsync(_anna, lease.LeaseId)));

        Assert.Single(results, result => !result.RecordedBefore);
        await using var ledger = harness.Ledger();
        Assert.Equal(1, await ledger.Labels.CountAsync(Cancellation));
        Assert.Equal(1, await ledger.Comparisons.CountAsync(Cancellation));
        Assert.Equal(1, (await ledger.Labellings.SingleAsync(Cancellation)).Done);
    }

    [Fact]
    public async Task Anothers_lease_and_an_unknown_one_are_refused()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 3, answers: 2, _plain);
        var lease = await harness.LeaseAsync(_anna);

        Assert.Equal(Refusal.Forbidden, (await Assert.ThrowsAsync<RefusedException>(() => harness.LabelAsync(_ben, lease.LeaseId))).Refusal);
        Assert.Equal(Refusal.NotFound, (await Assert.ThrowsAsync<RefusedException>(() => harness.LabelAsync(_ben, "x"))).Refusal);
        var viewer = new Labeller("vera", LabellerRole.Viewer, false);
        Assert.Equal(Refusal.Forbidden, (await Assert.ThrowsAsync<RefusedException>(() => harness.LeaseAsync(viewer))).Refusal);
        await using var ledger = harness.Ledger();
        Assert.False(await ledger.Labels.AnyAsync(Cancellation));
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
        await harness.OpenAsync(prompts: 3, answers: 2, _plain);
        var lease = await harness.LeaseAsync(_anna);

        await Assert.ThrowsAsync<ArgumentException>(() => harness.Desk.SubmitAsync(
            _anna, lease.LeaseId, new LabelInput((Verdict)verdict, strength, new string('x', reasonLength), elapsedMs), Cancellation));

        Assert.Equal(new Submission(false, true), await harness.LabelAsync(_anna, lease.LeaseId));
    }

    [Fact]
    public async Task The_last_label_can_be_taken_back_and_given_anew()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 3, answers: 2, _plain);
        var earlier = await harness.LeaseAsync(_anna);
        await harness.LabelAsync(_anna, earlier.LeaseId);
        var last = await harness.LeaseAsync(_anna);
        await harness.LabelAsync(_anna, last.LeaseId, Verdict.First);

        var notLast = await Assert.ThrowsAsync<RefusedException>(() => harness.Desk.UndoAsync(_anna, RunId, earlier.LeaseId, Cancellation));
        Assert.Equal(Refusal.NotNow, notLast.Refusal);
        var again = await harness.Desk.UndoAsync(_anna, RunId, last.LeaseId, Cancellation);
        Assert.Equal((last.PairId, last.First, last.Second), (again.PairId, again.First, again.Second));
        Assert.Equal(again.LeaseId, (await harness.Desk.UndoAsync(_anna, RunId, last.LeaseId, Cancellation)).LeaseId);
        Assert.Equal(1, (await harness.Desk.ProgressAsync(_anna, RunId, Cancellation)).Done);
        await harness.LabelAsync(_anna, again.LeaseId, Verdict.Second);

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
        await harness.OpenAsync(prompts: 2, answers: 2, _plain);
        var skipped = await harness.LeaseAsync(_anna);
        Assert.False((await harness.LabelAsync(_anna, skipped.LeaseId, Verdict.Skip)).IsCounted);
        var flagged = await harness.LeaseAsync(_anna);
        Assert.NotEqual(skipped.PairId, flagged.PairId);
        Assert.False((await harness.LabelAsync(_anna, flagged.LeaseId, Verdict.Flag)).IsCounted);

        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(_anna, RunId, [], Cancellation)).Reason);
        var forBen = await harness.LeaseAsync(_ben);
        Assert.Equal(skipped.PairId, forBen.PairId);
        await harness.LabelAsync(_ben, forBen.LeaseId, Verdict.Tie);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(_ben, RunId, [], Cancellation)).Reason);

        Assert.Equal(1, Assert.Single(await harness.Desk.ListAsync(Cancellation)).Flagged);

        // A flag that is taken back puts its pair back.
        var unflagged = await harness.Desk.UndoAsync(_anna, RunId, "", Cancellation);
        Assert.Equal(flagged.PairId, unflagged.PairId);
        Assert.True((await harness.LabelAsync(_anna, unflagged.LeaseId, Verdict.BothBad)).IsCounted);

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
        await harness.OpenAsync(prompts: 1, answers: 2, _plain with { OverlapShare = 1 });

        await harness.LabelAsync(_anna, (await harness.LeaseAsync(_anna)).LeaseId, Verdict.Flag);

        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(_ben, RunId, [], Cancellation)).Reason);
    }

    [Fact]
    public async Task A_repeat_shows_an_own_label_again_and_is_not_counted()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 60, answers: 2, _plain with { RepeatShare = 0.3 });
        for (var i = 0; i < 50; i++)
        {
            await harness.LabelAsync(_anna, (await harness.LeaseAsync(_anna)).LeaseId);
        }

        await using var ledger = harness.Ledger();
        var labels = await ledger.Labels.OrderBy(label => label.Number).ToListAsync(Cancellation);
        var repeats = labels.Where(label => label.IsRepeat).ToList();
        Assert.InRange(repeats.Count, 8, 22); // 50 draws with probability 0.3, less the first few: 14 ± 3
        Assert.All(repeats, repeat =>
        {
            var original = Assert.Single(labels, label => label.PairId == repeat.PairId && !label.IsRepeat);
            Assert.True(repeat.Number - original.Number > LeaseDraw.MinLabelsBetween);
        });
        Assert.Equal(repeats.Count, repeats.Select(repeat => repeat.PairId).Distinct().Count());
        Assert.All(repeats, repeat => Assert.False(repeat.IsCounted));
        Assert.Equal(50 - repeats.Count, await ledger.Comparisons.CountAsync(Cancellation));
        Assert.Equal(50 - repeats.Count, (await ledger.Labellings.SingleAsync(Cancellation)).Done);
    }

    [Fact]
    public async Task Pairs_of_uncertain_order_come_first_when_asked_for()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 2, answers: 3, _plain with { Order = PairOrder.Uncertain });

        // Of each prompt's first pair, one order is certain and one a tie: the tie's other pairs are the less certain ones.
        var first = await harness.LeaseAsync(_anna);
        await harness.LabelAsync(_anna, first.LeaseId, Verdict.First);
        var second = await harness.LeaseAsync(_anna);
        await harness.LabelAsync(_anna, second.LeaseId, Verdict.Tie);

        Assert.NotEqual(first.Turns[0].Content, second.Turns[0].Content);
        Assert.Equal(second.Turns[0].Content, (await harness.LeaseAsync(_anna)).Turns[0].Content);
    }

    [Fact]
    public async Task What_comes_after_the_goal_is_kept_but_not_counted()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 9, answers: 2, _plain with { Labels = 2 });
        var late = await harness.LeaseAsync(_ben);
        for (var i = 0; i < 2; i++)
        {
            await harness.LabelAsync(_anna, (await harness.LeaseAsync(_anna)).LeaseId);
        }

        Assert.Equal(NoPair.Ended, (await harness.Desk.NextAsync(_anna, RunId, [], Cancellation)).Reason);
        Assert.Equal(new Submission(false, false), await harness.LabelAsync(_ben, late.LeaseId));
        await using var ledger = harness.Ledger();
        Assert.Equal(2, await ledger.Comparisons.CountAsync(Cancellation));
        Assert.Equal(3, await ledger.Labels.CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_lead_ends_the_labelling_once_there_is_enough_to_go_on_with()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 9, answers: 2, _plain);
        var lead = new Labeller("lead", LabellerRole.Lead, false);
        await harness.LabelAsync(_anna, (await harness.LeaseAsync(_anna)).LeaseId);

        Assert.Equal(Refusal.Forbidden, (await Assert.ThrowsAsync<RefusedException>(() => harness.Desk.FinishAsync(_anna, RunId, Cancellation))).Refusal);
        Assert.Equal(Refusal.NotNow, (await Assert.ThrowsAsync<RefusedException>(() => harness.Desk.FinishAsync(lead, RunId, Cancellation))).Refusal);
        await harness.LabelAsync(_anna, (await harness.LeaseAsync(_anna)).LeaseId);
        Assert.Equal(LabellingState.Ended, (await harness.Desk.FinishAsync(lead, RunId, Cancellation)).State);
        Assert.Equal(NoPair.Ended, (await harness.Desk.NextAsync(_anna, RunId, [], Cancellation)).Reason);
    }
}
