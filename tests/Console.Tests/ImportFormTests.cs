using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Tests;
using static Microsoft.Playwright.Assertions;

namespace Rlhf.Console.Tests;

public sealed class ImportFormTests(BrokerFixture broker, Browser browser)
{
    private const string Good = """{"prompt": "Hi", "chosen": "yes", "rejected": "no"}""";

    private static readonly string[] _lines =
        [Good, "{", """{"chosen": "\n\nHuman: a\n\nAssistant: good", "rejected": "\n\nHuman: a\n\nAssistant: <b>bad"}""", """{"prompt": "Hi", "chosen": "x", "rejected": "x"}"""];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lead_imports_a_file_by_keyboard_and_sees_what_was_refused_and_where_each_pair_comes_from()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker, ("Run:Definition", "none"));
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        await harness.SignInAsync(page, "lena", LabellerRole.Lead);
        await page.GotoAsync(harness.Address + "/ledger");

        await page.GetByText("Import preferences…").FocusAsync();
        await page.Keyboard.PressAsync("Enter");

        // A file without a usable row is told about, and the form stays.
        await SendAsync("broken.jsonl", "{\n[]");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("broken.jsonl has no usable row among its 2; nothing was imported.");
        await Expect(page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("lines 1, 2");
        await Expect(page.GetByLabel("Preference file from this computer")).ToBeVisibleAsync();
        await SendAsync("pairs.jsonl", string.Join('\n', _lines));

        var summary = page.GetByRole(AriaRole.Region, new() { Name = "Import of pairs.jsonl" });
        await Expect(summary).ToContainTextAsync("2 of 4 rows were taken");
        await Expect(summary.GetByRole(AriaRole.Row).Nth(1)).ToContainTextAsync("broken_json");
        await Expect(summary.GetByRole(AriaRole.Row).Nth(2)).ToContainTextAsync("identical_responses1line 4Both responses are the same.");
        await Expect(page.Locator("main")).ToContainTextAsync("2 preferences.");
        await page.GetByRole(AriaRole.Row).Filter(new() { HasText = "imported, line 3" }).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator("dl")).ToContainTextAsync("Imported frompairs.jsonl, line 3");
        await page.GetByRole(AriaRole.Link, new() { Name = "Answer A" }).ClickAsync();
        await Expect(page.Locator("dl").First).ToContainTextAsync("not known: the answer came in a preference file");
        await using var ledger = harness.Ledger();
        Assert.Equal("pairs.jsonl", (await ledger.Runs.SingleAsync(Cancellation)).Name);
        Assert.Equal(2, await ledger.Comparisons.CountAsync(Cancellation));

        async Task SendAsync(string name, string text)
        {
            await page.GetByLabel("Preference file from this computer").SetInputFilesAsync(new FilePayload { Name = name, MimeType = "application/jsonl", Buffer = Encoding.UTF8.GetBytes(text) });
            await page.GetByLabel("Name; the file's own if left empty").FocusAsync();
            await page.Keyboard.PressAsync("Enter");
        }
    }

    [Fact]
    public async Task What_no_lead_sent_from_the_page_is_refused_and_so_is_what_is_too_large()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker, ("Run:Definition", "none"), ("Import:MaxMegabytes", "1"));
        using var lead = await SignedIn.AsAsync(harness, "lena", LabellerRole.Lead, Cancellation);
        using var anna = await SignedIn.AsAsync(harness, "anna", LabellerRole.Labeller, Cancellation);
        using var nobody = new HttpClient { BaseAddress = new Uri(harness.Address) };
        var large = string.Join('\n', Enumerable.Repeat(Good, 30_000));

        Assert.Contains("Import preferences", await lead.Client.GetStringAsync("/ledger", Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("Import preferences", await anna.Client.GetStringAsync("/ledger", Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("Import preferences", await nobody.GetStringAsync("/ledger", Cancellation), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(lead.Client, token: null, Good)); // no token
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(nobody, await lead.TokenAsync("/ledger"), Good)); // another's token
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await StatusAsync(lead.Client, await lead.TokenAsync("/ledger"), large));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(lead.Client, await lead.TokenAsync("/ledger"), Good, ("Origin", "https://evil.example")));
        // The form is not on a labeller's page, so what is posted to it has no receiver.
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(anna.Client, await anna.TokenAsync("/ledger"), Good));
        await using (var ledger = harness.Ledger())
        {
            Assert.Empty(await ledger.Runs.ToListAsync(Cancellation));
        }

        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(lead.Client, await lead.TokenAsync("/ledger"), Good));
        await using (var ledger = harness.Ledger())
        {
            Assert.Single(await ledger.Runs.ToListAsync(Cancellation));
        }

        static async Task<HttpStatusCode> StatusAsync(HttpClient client, string? token, string text, params (string Name, string Value)[] headers)
        {
            using var form = new MultipartFormDataContent { { new StringContent("import"), "_handler" }, { new StringContent(text), "file", "pairs.jsonl" } };
            if (token is not null)
            {
                form.Add(new StringContent(token), "__RequestVerificationToken");
            }

            using var request = new HttpRequestMessage(HttpMethod.Post, "/ledger") { Content = form };
            foreach (var (name, value) in headers)
            {
                request.Headers.Add(name, value);
            }

            using var answer = await client.SendAsync(request, Cancellation);
            return answer.StatusCode;
        }
    }
}
