using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Tests;

namespace Rlhf.Console.Tests;

public sealed class AccessibilityTests(BrokerFixture broker, Browser browser)
{
    /// <summary>Every page, with something on it.</summary>
    public static IReadOnlyList<string> Pages { get; } =
    [
        "/runs", "/runs/new", $"/runs/{SeededRun.Id}", $"/runs/{SeededRun.Id}?zoom=ppo~score~10~30", $"/runs/{SeededRun.Id}/samples", $"/runs/{SeededRun.Id}/report.html",
        "/label", "/ratings", $"/ratings?of=raters&run={SeededRun.Id}", $"/ratings?of=answers&run={SeededRun.Id}", $"/ratings?of=answers&prompt=0&run={SeededRun.Id}", "/agreement", "/try",
        "/ledger", "/ledger?what=answers", $"/ledger/answer?id={SeededRun.Id}/responses/0%230", $"/ledger/preference?id={SeededRun.Id}/preferences/judged-0",
        "/people", "/join", "/no-such-page",
    ];

    [Theory]
    [InlineData(1280, false)]
    [InlineData(1280, true)]
    [InlineData(400, false)]
    [InlineData(400, true)]
    public async Task No_page_has_a_serious_fault_or_is_wider_than_the_window(int width, bool isDark)
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 60);
        await using var context = await browser.ContextAsync(width, isDark);
        var page = await context.NewPageAsync();
        await harness.SignInAsync(page, "lena", LabellerRole.Lead);
        var faults = new List<string>();
        foreach (var path in Pages)
        {
            await page.GotoAsync(harness.Address + path);
            if (path == "/label")
            {
                await Assertions.Expect(page.Locator("#label")).ToBeVisibleAsync();
            }

            var result = await page.RunAxe();
            faults.AddRange(result.Violations.Where(fault => fault.Impact is "serious" or "critical")
                .Select(fault => $"{path}: {fault.Id}, {fault.Help}: {string.Join("; ", fault.Nodes.Take(3).Select(node => node.Html))}"));
            var overflow = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            if (overflow > 0)
            {
                faults.Add($"{path}: {overflow} pixels wider than the window");
            }

            if (Environment.GetEnvironmentVariable("RLHF_SCREENSHOTS") is { Length: > 0 } folder)
            {
                var name = string.Concat(path.Trim('/').Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'));
                await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}-{width}-{(isDark ? "dark" : "light")}.png"), FullPage = true });
            }
        }

        Assert.Empty(faults);
    }
}
