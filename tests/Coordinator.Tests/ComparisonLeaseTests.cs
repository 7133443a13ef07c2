using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Runs;
using static Rlhf.Coordinator.Tests.LabellingHarness;

namespace Rlhf.Coordinator.Tests;

/// <summary>Which pair of answers goes to whom, and for how long.</summary>
public class ComparisonLeaseTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected virtual Task<LabellingHarness> StartAsync() => LabellingHarness.StartAsync();

    [Fact]
    public async Task Every_prompts_first_pair_comes_before_any_second_one()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 6, answers: 3, Plain);

        var prompts = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            var lease = await harness.LeaseAsync(Anna);
            prompts.Add(lease.Turns[0].Content);
            await harness.LabelAsync(Anna, lease.LeaseId);
        }

        Assert.Equal(6, prompts.Take(6).Distinct().Count());
        Assert.Equal(6, prompts.Skip(6).Distinct().Count());
    }

    [Fact]
    public async Task Two_people_never_get_a_pair_that_is_meant_for_one()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 20, answers: 2, Plain);

        var leases = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => harness.LeaseAsync(Person($"p{i}"))));

        Assert.Equal(20, leases.Select(lease => lease.PairId).Distinct().Count());
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Anna, RunId, [], Cancellation)).Reason);
    }

    [Fact]
    public async Task A_pair_that_is_meant_for_two_goes_to_two_different_people()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 1, answers: 2, Plain with { OverlapShare = 1 });

        var first = await harness.LeaseAsync(Anna);
        await harness.LabelAsync(Anna, first.LeaseId);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Anna, RunId, [], Cancellation)).Reason);
        var second = await harness.LeaseAsync(Ben);

        Assert.Equal(first.PairId, second.PairId);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Person("cleo"), RunId, [], Cancellation)).Reason);
    }

    [Fact]
    public async Task The_overlap_share_of_pairs_is_meant_for_two()
    {
        await using var harness = await StartAsync();
        var plan = await harness.OpenAsync(prompts: 500, answers: 2, Plain with { Labels = 500, OverlapShare = 0.2 });

        // 500 draws with probability 0.2: the standard deviation is 9.
        Assert.InRange(plan.Pairs.Count(pair => pair.Copies == 2), 100 - 27, 100 + 27);
    }

    [Fact]
    public async Task A_lease_left_behind_returns_and_its_late_label_is_refused()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 1, answers: 2, Plain with { LeaseMinutes = 10 });
        var left = await harness.LeaseAsync(Anna);

        harness.Time.Now += TimeSpan.FromMinutes(9.9);
        Assert.Equal(NoPair.NothingLeft, (await harness.Desk.NextAsync(Ben, RunId, [], Cancellation)).Reason);
        harness.Time.Now += TimeSpan.FromMinutes(0.1);
        var again = await harness.LeaseAsync(Ben);

        Assert.Equal(left.PairId, again.PairId);
        Assert.NotEqual(left.LeaseId, again.LeaseId);
        var refused = await Assert.ThrowsAsync<RefusedException>(() => harness.LabelAsync(Anna, left.LeaseId));
        Assert.Equal(Refusal.NotNow, refused.Refusal);
        Assert.Equal(new Submission(false, true), await harness.LabelAsync(Ben, again.LeaseId));
    }

    [Fact]
    public async Task An_expired_lease_that_nobody_took_over_is_still_good()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 1, answers: 2, Plain with { LeaseMinutes = 10 });
        var lease = await harness.LeaseAsync(Anna);

        harness.Time.Now += TimeSpan.FromHours(1);

        Assert.Equal(new Submission(false, true), await harness.LabelAsync(Anna, lease.LeaseId));
    }

    [Fact]
    public async Task An_open_lease_is_given_back_before_a_new_one_and_three_are_the_most()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 9, answers: 2, Plain);

        var first = await harness.LeaseAsync(Anna);
        Assert.Equal(first.LeaseId, (await harness.LeaseAsync(Anna)).LeaseId);
        var second = await harness.LeaseAsync(Anna, first.LeaseId);
        var third = await harness.LeaseAsync(Anna, first.LeaseId, second.LeaseId);

        Assert.Equal(3, new[] { first, second, third }.Select(lease => lease.PairId).Distinct().Count());
        var fourth = await harness.Desk.NextAsync(Anna, RunId, [first.LeaseId, second.LeaseId, third.LeaseId], Cancellation);
        Assert.Equal(NoPair.TooManyOpen, fourth.Reason);
    }

    [Fact]
    public async Task Anothers_lease_and_an_unknown_one_are_refused()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 3, answers: 2, Plain);
        var lease = await harness.LeaseAsync(Anna);

        Assert.Equal(Refusal.Forbidden, (await Assert.ThrowsAsync<RefusedException>(() => harness.LabelAsync(Ben, lease.LeaseId))).Refusal);
        Assert.Equal(Refusal.NotFound, (await Assert.ThrowsAsync<RefusedException>(() => harness.LabelAsync(Ben, "x"))).Refusal);
        var viewer = new Labeller("vera", LabellerRole.Viewer, false);
        Assert.Equal(Refusal.Forbidden, (await Assert.ThrowsAsync<RefusedException>(() => harness.LeaseAsync(viewer))).Refusal);
        await using var ledger = harness.Ledger();
        Assert.False(await ledger.Labels.AnyAsync(Cancellation));
    }

    [Fact]
    public async Task A_repeat_shows_an_own_label_again_and_is_not_counted()
    {
        await using var harness = await StartAsync();
        await harness.OpenAsync(prompts: 60, answers: 2, Plain with { RepeatShare = 0.3 });
        for (var i = 0; i < 50; i++)
        {
            await harness.LabelAsync(Anna, (await harness.LeaseAsync(Anna)).LeaseId);
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
        await harness.OpenAsync(prompts: 2, answers: 3, Plain with { Order = PairOrder.Uncertain });

        // Of each prompt's first pair, one order is certain and one a tie: the tie's other pairs are the less certain ones.
        var first = await harness.LeaseAsync(Anna);
        await harness.LabelAsync(Anna, first.LeaseId, Verdict.First);
        var second = await harness.LeaseAsync(Anna);
        await harness.LabelAsync(Anna, second.LeaseId, Verdict.Tie);

        Assert.NotEqual(first.Turns[0].Content, second.Turns[0].Content);
        Assert.Equal(second.Turns[0].Content, (await harness.LeaseAsync(Anna)).Turns[0].Content);
    }
}
