using Microsoft.Playwright;
using Rlhf.Coordinator.Tests;
using static Microsoft.Playwright.Assertions;

namespace Rlhf.Console.Tests;

public sealed class TryPageTests(BrokerFixture broker, Browser browser)
{
    [Fact]
    public async Task Two_versions_answer_beside_each_other_each_with_its_score()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(harness.Address + "/try");
        await page.GetByLabel("What you say to both").FillAsync("<b>hello</b>");
        await page.Keyboard.PressAsync("Enter");

        var left = page.Locator("[data-side=left] .turn.assistant");
        var right = page.Locator("[data-side=right] .turn.assistant");
        await Expect(left.Locator(".text")).ToHaveTextAsync($"{SeededRun.Id}/fine-tuning/v1 heard <b>hello</b>");
        await Expect(right.Locator(".text")).ToHaveTextAsync("base heard <b>hello</b>");

        // A hundredth of the characters: of the version's name, of " heard\n\n" and of what was said.
        await Expect(left).ToContainTextAsync($"ended by itself · 4 tokens · score {($"{SeededRun.Id}/fine-tuning/v1".Length + 8 + 12) / 100.0:F2}");
        await Expect(right).ToContainTextAsync("score 0.24");
    }

    [Fact]
    public async Task A_services_refusal_is_shown()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await page.GotoAsync(harness.Address + "/try");
        await page.EvaluateAsync("version => { const option = new Option(version, version); document.getElementById('left-version').add(option); option.selected = true; }", StandInGenerator.Unknown);
        await page.GetByLabel("What you say to both").FillAsync("hello");
        await page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();

        await Expect(page.Locator("[data-side=left]")).ToContainTextAsync("error: there is no version of that name");
    }
}
