using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Tests;
using static Microsoft.Playwright.Assertions;

namespace Rlhf.Console.Tests;

public sealed class RunPagesTests(BrokerFixture broker, Browser browser)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_started_from_a_file_paused_resumed_and_cancelled_by_its_buttons()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(harness.Address + "/runs");
        await page.GetByRole(AriaRole.Link, new() { Name = "Start a run" }).ClickAsync();
        await page.GetByLabel("a run file").CheckAsync();
        await page.GetByLabel("or its text").FillAsync("stages:\n  - stage: responses\n  - stage: preferenzes\n");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("unknown stage 'preferenzes'");
        await Expect(page.Locator(".blamed")).ToContainTextAsync("3    - stage: preferenzes");

        // Waits for people, so it stays where it is.
        await page.GetByLabel("or its text").FillAsync("name: wait for/people\nstages:\n  - stage: responses\n    prompts: 4\n  - stage: preferences\n    by: people\n    labels: 5\n");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("wait for/people");
        await Expect(page.Locator(".stage").Nth(1)).ToContainTextAsync("waiting for people");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Locator(".facts .state")).ToHaveTextAsync("paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(page.Locator(".facts .state")).ToHaveTextAsync("running");
        await page.GetByText("Cancel…").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the run" }).ClickAsync();
        await Expect(page.Locator(".facts .state")).ToHaveTextAsync("cancelled");
        await using var ledger = harness.Ledger();
        Assert.Equal(RunStatus.Cancelled, (await ledger.Runs.SingleAsync(Cancellation)).Status);
    }

    [Fact]
    public async Task A_curve_is_zoomed_by_dragging_and_exported_as_numbers()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync($"{harness.Address}/runs/{SeededRun.Id}");
        var figure = page.Locator("figure[data-figure=score]");
        var chart = figure.Locator("svg.chart");
        await Expect(chart).ToHaveAttributeAsync("data-to", "60");
        await chart.HoverAsync(); // scrolls there, and tries again where the page brings itself up to date meanwhile
        LocatorBoundingBoxResult? box;
        do
        {
            box = await chart.BoundingBoxAsync(); // none in the moment of a renewal
        }
        while (box is null);

        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + (box.Height / 2));
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width * 0.75f), box.Y + (box.Height / 2), new() { Steps = 4 });
        await page.Mouse.UpAsync();
        await Expect(chart).Not.ToHaveAttributeAsync("data-to", "60");
        var (from, to) = (int.Parse(await chart.GetAttributeAsync("data-from") ?? "", CultureInfo.InvariantCulture), int.Parse(await chart.GetAttributeAsync("data-to") ?? "", CultureInfo.InvariantCulture));
        Assert.InRange(from, 20, 32);
        Assert.InRange(to, from + 10, 50);
        Assert.Contains("zoom=", page.Url, StringComparison.Ordinal);
        await figure.GetByRole(AriaRole.Link, new() { Name = "All steps of Score, ppo" }).ClickAsync();
        await Expect(chart).ToHaveAttributeAsync("data-to", "60");

        using var client = new HttpClient();
        var lines = (await client.GetStringAsync($"{harness.Address}/api/runs/{SeededRun.Id}/curves.csv?stage=ppo&name=kl", Cancellation)).Trim().ReplaceLineEndings("\n").Split('\n');
        Assert.Equal("stage,name,step,value", lines[0]);
        Assert.Equal(61, lines.Length);
        Assert.Equal("ppo,kl,60,6.962000000000001", lines[60]); // 0.002 · 59² in float64, with all its digits
    }

    [Fact]
    public async Task A_part_that_has_not_changed_is_left_as_it_stands_at_its_first_renewal_too()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();

        // Counts the renewals that are over: what follows the text of an answer runs before the next task.
        await page.AddInitScriptAsync("""
            const fetching = window.fetch;
            window.renewals = 0;
            window.fetch = async (...what) => {
              const answer = await fetching(...what), text = answer.text.bind(answer);
              answer.text = async () => { const all = await text(); setTimeout(() => window.renewals++, 0); return all; };
              return answer;
            };
            """);
        await page.GotoAsync($"{harness.Address}/runs");
        await page.EvaluateAsync("() => { document.querySelector('[data-part] tbody tr').mark = 'kept'; }");
        await page.WaitForFunctionAsync("() => window.renewals > 0");
        Assert.Equal("kept", await page.EvaluateAsync<string>("() => document.querySelector('[data-part] tbody tr').mark ?? 'replaced'"));

        // What has changed comes.
        await harness.Writer.WriteAsync(async (ledger, token) => (await ledger.Runs.SingleAsync(token)).Status = RunStatus.Failed, Cancellation);
        harness.App.Services.GetRequiredService<RunBoard>().Raise();
        await Expect(page.Locator("[data-part] .state")).ToHaveTextAsync("failed");
    }

    [Fact]
    public async Task Judges_and_people_are_rated_where_other_people_can_decide()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        using var client = new HttpClient { BaseAddress = new Uri(harness.Address) };
        var address = $"/ratings?of=raters&run={SeededRun.Id}";
        Assert.Contains("No game yet: it takes a pair", await client.GetStringAsync(address, Cancellation), StringComparison.Ordinal);

        // The judge prefers the second answer to each question; so does anna, and ben prefers the first.
        await harness.Writer.WriteAsync((ledger, _) =>
        {
            ledger.AddRange(Enumerable.Range(0, 4).SelectMany(prompt => new[] { ("anna", 0.1), ("ben", 0.9) }.Select(person => new ComparisonRow
            {
                MessageId = $"{SeededRun.Id}/preferences/{prompt}/{person.Item1}",
                RunId = SeededRun.Id,
                Stage = "preferences",
                PromptId = $"{prompt}",
                ResponseAId = $"{SeededRun.Id}/responses/{prompt}#0",
                ResponseBId = $"{SeededRun.Id}/responses/{prompt}#1",
                PreferenceA = person.Item2,
                LabellerId = person.Item1,
            })));
            return Task.CompletedTask;
        }, Cancellation);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(harness.Address + "/ratings");
        await page.Locator("select[name=of]").SelectOptionAsync("judges and people");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();

        // To each question: ben decides between the judge and anna, who both say otherwise, a tie; anna between the judge and ben, whom the judge beats.
        // The page brings itself up to date as the ratings are made again in the background.
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(4, new() { Timeout = 20_000 });
        await Expect(page.Locator("main")).ToContainTextAsync("8 games in all, 4 ties among them.");
        await Expect(page.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("judge judge-1");
        await Expect(page.GetByRole(AriaRole.Row).Nth(3)).ToContainTextAsync("ben");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync(); // the principles are of the page, which knows them now
        await page.Locator("select[name=under]").SelectOptionAsync("kind");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row)).ToHaveCountAsync(4);
    }

    [Fact]
    public async Task The_report_is_one_file_without_script()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        using var client = new HttpClient();
        var html = await client.GetStringAsync($"{harness.Address}/runs/{SeededRun.Id}/report.html?download=true", Cancellation);

        Assert.Contains("<path class=\"line\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", html.Replace("src=x onerror", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("href=", html, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
    }
}
