using Microsoft.Playwright;

namespace Rlhf.Console.Tests;

/// <summary>What tests see of the page where people label.</summary>
internal static class LabelPage
{
    /// <summary>The lease that is shown once it is another one.</summary>
    public static async Task<string> ShownAsync(IPage page, string before)
    {
        await page.WaitForFunctionAsync("before => { const lease = document.documentElement.dataset.lease; return lease && lease !== before && !document.getElementById('label').hidden; }", before);
        return await page.EvaluateAsync<string>("() => document.documentElement.dataset.lease");
    }

    /// <summary>Labels by keyboard and measures how long after each key the next pair stands there.</summary>
    /// <returns>Milliseconds, the shortest first.</returns>
    public static async Task<IReadOnlyList<double>> MeasureAsync(IPage page, int labels)
    {
        var shown = await ShownAsync(page, "");
        await page.EvaluateAsync("""
            () => {
              window.waits = [];
              let pressed = 0;
              document.addEventListener("keydown", () => { pressed = performance.now(); }, true);
              new MutationObserver(() => requestAnimationFrame(() => window.waits.push(performance.now() - pressed)))
                .observe(document.documentElement, { attributeFilter: ["data-lease"] });
            }
            """);
        for (var i = 0; i < labels; i++)
        {
            await page.Keyboard.PressAsync("1");
            shown = await ShownAsync(page, shown);
        }

        // The last frame may still be to come.
        await page.WaitForFunctionAsync("labels => window.waits.length >= labels", labels);
        return [.. (await page.EvaluateAsync<double[]>("() => window.waits")).Order()];
    }
}
