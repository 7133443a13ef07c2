using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Tests;

namespace Rlhf.Console.Tests;

public sealed class AccessibilityTests(BrokerFixture broker, Browser browser)
{
    // What has nothing to show says so.
    private static readonly string[] _empty = ["/runs", "/label", "/ratings", "/agreement", "/ledger", "/try", "/people"];

    /// <summary>Every page, with something on it, in each of its states.</summary>
    public static IReadOnlyList<string> Pages { get; } =
    [
        "/runs", "/runs/new", $"/runs/{SeededRun.Id}", $"/runs/{SeededRun.Id}?zoom=ppo~score~10~30", $"/runs/{SeededRun.Id}/samples", $"/runs/{SeededRun.Id}/report.html",
        $"/runs/{OtherRuns.Succeeded}", $"/runs/{OtherRuns.Succeeded}/report.html", $"/runs/{OtherRuns.Succeeded}/samples?stage=evaluation", $"/runs/{OtherRuns.Failed}", $"/runs/{OtherRuns.Talks}",
        "/label", $"/label?run={OtherRuns.Talks}", $"/label?run={OtherRuns.Labelled}",
        "/ratings", $"/ratings?of=raters&run={OtherRuns.Labelled}", $"/ratings?of=answers&run={SeededRun.Id}", $"/ratings?of=answers&prompt=0&run={SeededRun.Id}", $"/ratings?run={OtherRuns.Succeeded}",
        "/agreement", $"/agreement?run={OtherRuns.Labelled}", "/try",
        "/ledger", "/ledger?what=answers", $"/ledger?run={OtherRuns.Failed}", $"/ledger/answer?id={SeededRun.Id}/responses/0%230", $"/ledger/answer?id={OtherRuns.Succeeded}/critique-revision/harm-0%230",
        $"/ledger/preference?id={SeededRun.Id}/preferences/judged-0", $"/ledger/preference?id={OtherRuns.Labelled}/preferences/0/anna",
        "/people", "/join", "/join?code=an-invitation", "/no-such-page",
    ];

    [Theory]
    [InlineData(1280, false)]
    [InlineData(1280, true)]
    [InlineData(400, false)]
    [InlineData(400, true)]
    public async Task No_page_has_a_serious_fault_or_is_wider_than_the_window(int width, bool isDark)
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await using var context = await browser.ContextAsync(width, isDark);
        var page = await context.NewPageAsync();
        await harness.SignInAsync(page, "lena", LabellerRole.Lead);
        var faults = new List<string>();
        async Task LookAsync(string path, string state)
        {
            await page.GotoAsync(harness.Address + path);
            if (path.StartsWith("/label", StringComparison.Ordinal))
            {
                await Assertions.Expect(page.Locator("#message")).Not.ToHaveTextAsync("Looking for a pair…");
            }

            var result = await page.RunAxe();
            faults.AddRange(result.Violations.Where(fault => fault.Impact is "serious" or "critical")
                .Select(fault => $"{state}{path}: {fault.Id}, {fault.Help}: {string.Join("; ", fault.Nodes.Take(3).Select(node => node.Html))}"));
            var overflow = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            if (overflow > 0)
            {
                faults.Add($"{state}{path}: {overflow} pixels wider than the window");
            }

            if (Environment.GetEnvironmentVariable("RLHF_SCREENSHOTS") is { Length: > 0 } folder)
            {
                var name = string.Concat((state + path).Trim('/').Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'));
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{width}-{(isDark ? "dark" : "light")}.png"), FullPage = true });
            }
        }

        foreach (var path in _empty)
        {
            await LookAsync(path, "empty");
        }

        await OtherRuns.AddAsync(harness.Writer);
        await SeededRun.AddAsync(harness.Writer, prompts: 12);
        foreach (var path in Pages)
        {
            await LookAsync(path, "");
        }

        Assert.Empty(faults);
    }
}
