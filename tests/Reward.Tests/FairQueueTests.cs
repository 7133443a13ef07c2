using Rlhf.Reward.Engine;
using Rlhf.Reward.Models;

namespace Rlhf.Reward.Tests;

public sealed class FairQueueTests
{
    // The queue never looks at the model.
    private static readonly LoadedRewardModel s_none = (LoadedRewardModel)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(LoadedRewardModel));

    [Fact]
    public void A_small_caller_waits_for_one_item_of_a_large_one()
    {
        var queue = new FairQueue(maxItems: 1000, maxItemsPerCaller: 1000);
        queue.Add(Work("large", items: 500, tokens: 10));
        Assert.Equal("large", Take(queue));
        queue.Add(Work("small", items: 2, tokens: 10));

        Assert.Equal(["small", "large", "small", "large", "large"], Enumerable.Range(0, 5).Select(_ => Take(queue)));
    }

    [Fact]
    public void Turns_are_counted_in_tokens()
    {
        var queue = new FairQueue(maxItems: 1000, maxItemsPerCaller: 1000);
        queue.Add(Work("long", items: 100, tokens: 90));
        queue.Add(Work("short", items: 100, tokens: 10));

        var taken = Enumerable.Range(0, 50).Select(_ => Take(queue)).ToArray();

        Assert.Equal(5, taken.Count(caller => caller == "long")); // nine short ones for each long one
    }

    [Fact]
    public void A_caller_who_rested_has_saved_nothing_up()
    {
        var queue = new FairQueue(maxItems: 1000, maxItemsPerCaller: 1000);
        queue.Add(Work("busy", items: 300, tokens: 10));
        for (var i = 0; i < 200; i++)
        {
            Take(queue);
        }
        queue.Add(Work("rested", items: 100, tokens: 10));

        Assert.InRange(Enumerable.Range(0, 50).Count(_ => Take(queue) == "rested"), 24, 26);
    }

    [Fact]
    public void What_is_removed_makes_room_at_once()
    {
        var queue = new FairQueue(maxItems: 10, maxItemsPerCaller: 8);
        var gone = Work("a", items: 8, tokens: 1);
        queue.Add(gone);
        Take(queue);
        Assert.Throws<OverCapacityException>(() => queue.Add(Work("b", items: 4, tokens: 1)));

        queue.Remove(gone);

        Assert.Equal(0, queue.Count);
        queue.Add(Work("b", items: 8, tokens: 1));
        Assert.Equal("b", Take(queue));
    }

    [Fact]
    public void Nobody_fills_the_whole_queue()
    {
        var queue = new FairQueue(maxItems: 10, maxItemsPerCaller: 8);
        queue.Add(Work("a", items: 8, tokens: 1));

        var refusal = Assert.Throws<OverCapacityException>(() => queue.Add(Work("a", items: 1, tokens: 1)));
        Assert.Equal("8 items of this caller wait already and 8 may; try again in a moment, or send less at a time.", refusal.Message);
        queue.Add(Work("b", items: 2, tokens: 1));
        refusal = Assert.Throws<OverCapacityException>(() => queue.Add(Work("c", items: 1, tokens: 1)));
        Assert.Equal("10 items wait already and 10 may; try again in a moment, or send less at a time.", refusal.Message);
    }

    [Fact]
    public void What_does_not_fit_into_a_pass_stays_and_is_first_in_the_next()
    {
        var queue = new FairQueue(maxItems: 10, maxItemsPerCaller: 10);
        queue.Add(Work("a", items: 1, tokens: 50));
        Assert.Null(queue.Take(maxTokens: 49, untilTick: 0));
        Assert.Equal(1, queue.Count);
        Assert.NotNull(queue.Take(maxTokens: 50, untilTick: 0));
    }

    private static string? Take(FairQueue queue) => queue.Take(int.MaxValue, untilTick: 0)?.Work.Caller;

    private static ScoringWork Work(string caller, int items, int tokens) => new(s_none, [.. Enumerable.Repeat(new int[tokens], items)], caller);
}
