using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Tests;

namespace Rlhf.Console.Tests;

public sealed class LabellingTests(BrokerFixture broker, Browser browser)
{
    private const int Labels = 20;
    private const int Undone = 6;
    private const int Flagged = 12;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What each key says.</summary>
    private static readonly (string Key, Verdict Verdict, int Strength)[] _keys =
    [
        ("1", Verdict.First, 4), ("2", Verdict.First, 3), ("3", Verdict.First, 2), ("4", Verdict.First, 1), ("5", Verdict.Tie, 0),
        ("6", Verdict.Second, 1), ("7", Verdict.Second, 2), ("8", Verdict.Second, 3), ("9", Verdict.Second, 4), ("b", Verdict.BothBad, 0), ("s", Verdict.Skip, 0),
    ];

    [Fact]
    public async Task Twenty_pairs_by_keyboard_one_undone_and_one_flagged_are_just_that_in_the_ledger()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 30);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await harness.SignInAsync(page);
        var said = new List<(string Lease, Verdict Verdict, int Strength, string Reason, bool IsUndone)>();
        var shown = await LabelPage.ShownAsync(page, "");
        for (var i = 0; i < Labels; i++)
        {
            var (key, verdict, strength) = _keys[i % _keys.Length];
            var reason = "";
            if (i == Flagged)
            {
                (key, verdict, strength, reason) = ("f", Verdict.Flag, 0, "names a real person");
                await page.Keyboard.PressAsync("r");
                await page.Keyboard.TypeAsync(reason);
                await page.Keyboard.PressAsync("Escape");
            }

            await page.Keyboard.PressAsync(key);
            said.Add((shown, verdict, strength, reason, false));
            shown = await LabelPage.ShownAsync(page, shown);
            if (i == Undone)
            {
                await Assertions.Expect(page.Locator("#undo")).ToBeEnabledAsync();
                await page.Keyboard.PressAsync("u");
                said[^1] = said[^1] with { IsUndone = true };
                shown = await LabelPage.ShownAsync(page, shown);
                await page.Keyboard.PressAsync("9");
                said.Add((shown, Verdict.Second, 4, "", false));
                shown = await LabelPage.ShownAsync(page, shown);
            }
        }

        await harness.WaitForAsync(async ledger => await ledger.Labels.CountAsync(Cancellation) >= Labels + 1);
        await using var ledger = harness.Ledger();
        var labels = await ledger.Labels.OrderBy(label => label.Number).ToListAsync(Cancellation);

        Assert.Equal(
            said,
            labels.Select(label => (label.LeaseId, label.Verdict, label.Strength, label.Reason, label.UndoneUnixMs is not null)));
        Assert.All(labels, label => Assert.Equal("anna", label.LabellerId));
        Assert.All(labels, label => Assert.InRange(label.ElapsedMs, 1, 60_000));

        // The pair of the label that was taken back is the one that was labelled anew.
        Assert.Equal(labels[Undone].PairId, labels[Undone + 1].PairId);
        var flagged = Assert.Single(await ledger.ComparisonPairs.Where(pair => pair.State == PairState.Flagged).ToListAsync(Cancellation));
        Assert.Equal(labels[Flagged + 1].PairId, flagged.PairId);
        Assert.Equal(
            labels.Where(label => label is { UndoneUnixMs: null, PreferenceA: not null }).Select(label => label.PairId).Order(StringComparer.Ordinal),
            (await ledger.Comparisons.Where(comparison => comparison.LabellerId == "anna").ToListAsync(Cancellation))
                .Select(comparison => comparison.MessageId[..^"/anna".Length]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_next_pair_is_there_within_a_tenth_of_a_second()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 30);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await harness.SignInAsync(page);
        var waits = await LabelPage.MeasureAsync(page, labels: 15);
        TestContext.Current.SendDiagnosticMessage($"milliseconds from key to next pair: median {waits[waits.Count / 2]:F1}, longest {waits[^1]:F1}");
        Assert.InRange(waits[waits.Count / 2], 0, 100);
    }

    [Fact]
    public async Task Answers_stand_in_the_order_of_the_lease_and_without_a_model()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        await using var context = await browser.ContextAsync(width: 400);
        var page = await context.NewPageAsync();
        await harness.SignInAsync(page);
        var lease = await LabelPage.ShownAsync(page, "");

        await using var ledger = harness.Ledger();
        var row = await ledger.Leases.SingleAsync(row => row.LeaseId == lease, Cancellation);
        var pair = await ledger.ComparisonPairs.SingleAsync(other => other.PairId == row.PairId, Cancellation);
        var (first, second) = row.IsAFirst ? (pair.ResponseAId, pair.ResponseBId) : (pair.ResponseBId, pair.ResponseAId);
        Assert.Equal((await ledger.Responses.FindAsync([first], Cancellation))?.Text, await page.Locator("#first").TextContentAsync());
        Assert.Equal((await ledger.Responses.FindAsync([second], Cancellation))?.Text, await page.Locator("#second").TextContentAsync());
        Assert.DoesNotContain("fine-tuning", await page.ContentAsync(), StringComparison.Ordinal);

        // Stacked where the page is narrow.
        var (left, right) = (await page.Locator("#first").BoundingBoxAsync(), await page.Locator("#second").BoundingBoxAsync());
        Assert.True(right?.Y > left?.Y + left?.Height, "the second answer is not below the first");
    }
}
