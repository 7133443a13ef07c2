using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Tests;

namespace Rlhf.Console.Tests;

public sealed partial class SecurityTests(BrokerFixture broker, Browser browser)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/label")]
    [InlineData("/runs")]
    [InlineData($"/runs/{SeededRun.Id}")]
    [InlineData($"/runs/{SeededRun.Id}/samples")]
    [InlineData($"/runs/{SeededRun.Id}/report.html")]
    [InlineData($"/ratings?of=answers&prompt=0&run={SeededRun.Id}")]
    [InlineData("/ledger?what=answers")]
    [InlineData("/ledger")]
    [InlineData($"/ledger/answer?id={SeededRun.Id}/responses/0%230")]
    [InlineData($"/ledger/preference?id={SeededRun.Id}/preferences/judged-0")]
    public async Task Script_in_prompts_and_answers_is_text(string path)
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        await using var context = await browser.ContextAsync();
        var page = await context.NewPageAsync();
        var violations = new List<string>();
        page.Console += (_, message) => violations.AddRange(message.Type == "error" ? [message.Text] : []);
        await harness.SignInAsync(page);
        await page.GotoAsync(harness.Address + path);
        await page.WaitForLoadStateAsync(LoadState.Load);
        if (path == "/label")
        {
            await Assertions.Expect(page.Locator("#first")).ToContainTextAsync("window.hacked");
        }

        Assert.False(await page.EvaluateAsync<bool>("() => 'hacked' in window"));
        Assert.Equal(0, await page.Locator("img").CountAsync());
        if (path.Contains("ledger", StringComparison.Ordinal) || path.Contains("ratings", StringComparison.Ordinal) || path.EndsWith("samples", StringComparison.Ordinal))
        {
            await Assertions.Expect(page.Locator("main")).ToContainTextAsync("<script>window.hacked");
        }

        Assert.Empty(violations);
    }

    [Fact]
    public async Task Posts_of_other_sites_and_without_the_pages_token_are_refused()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        using var anna = await SignedInAsync(harness, "anna");

        foreach (var path in new[] { "/api/label/next", "/api/label/submit", "/api/label/undo", "/api/label/progress", "/api/try", "/sign-out", "/people/close" })
        {
            using var forged = await anna.Client.PostAsync(path, JsonContent.Create(new { runId = "" }), Cancellation);
            Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        }

        using var start = await anna.Client.PostAsync("/runs/new", new FormUrlEncodedContent(new Dictionary<string, string> { ["_handler"] = "start", ["kind"] = "rlaif", ["seed"] = "1" }), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, start.StatusCode);
        foreach (var (name, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "http://evil.example"), ("Origin", "null") })
        {
            using var request = anna.Json("/api/label/next", new { runId = "", held = Array.Empty<string>() });
            request.Headers.Add(name, value);
            using var foreign = await anna.Client.SendAsync(request, Cancellation);
            Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        }

        await using var ledger = harness.Ledger();
        Assert.Equal(1, await ledger.Runs.CountAsync(Cancellation));
        Assert.Equal(0, await ledger.Leases.CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_host_name_that_is_not_this_machine_is_refused()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        using var client = new HttpClient();
        foreach (var type in new[] { "text/plain", "application/grpc" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, harness.Address + "/api/runs")
            {
                Headers = { Host = "evil.example" },
                Content = new StringContent("", new System.Net.Http.Headers.MediaTypeHeaderValue(type)),
            };
            using var answer = await client.SendAsync(request, Cancellation);

            Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Under_another_name_that_is_allowed_only_people_with_an_account_see_anything()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker, ("Console:Hosts:0", "labels.example"));
        using var client = new HttpClient();
        foreach (var (path, expected) in new[]
        {
            ("/runs", HttpStatusCode.Unauthorized), ("/ledger", HttpStatusCode.Unauthorized), ("/api/runs", HttpStatusCode.Unauthorized),
            ("/parts/runs", HttpStatusCode.Unauthorized), ("/join", HttpStatusCode.OK), ("/style.css", HttpStatusCode.OK), ("/alive", HttpStatusCode.OK),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, harness.Address + path) { Headers = { Host = "labels.example" } };
            using var answer = await client.SendAsync(request, Cancellation);
            Assert.Equal((path, expected), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task A_session_is_a_cookie_that_no_script_sees_and_no_address_carries()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        using var anna = await SignedInAsync(harness, "anna");
        var cookie = anna.SetCookie;
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        var secret = SecretPattern().Match(cookie).Groups[1].Value;
        using var thief = new HttpClient();

        Assert.Contains("anna", await anna.Client.GetStringAsync("/label", Cancellation), StringComparison.Ordinal);
        Assert.Contains("not signed in", await thief.GetStringAsync($"{harness.Address}/label?rlhf-session={secret}", Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, await anna.Client.GetStringAsync("/label", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_invitation_signs_in_once_and_a_replayed_form_does_nothing()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        using var anna = await SignedInAsync(harness, "anna");
        using var again = await anna.Client.PostAsync(anna.JoinPath, anna.JoinForm, Cancellation);

        Assert.Contains("used already", await again.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_labellers_lease_wrong_ids_and_oversized_reasons_are_refused_and_a_label_counts_once()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4);
        using var anna = await SignedInAsync(harness, "anna");
        using var ben = await SignedInAsync(harness, "ben");
        using var viewer = await SignedInAsync(harness, "vera", LabellerRole.Viewer);
        var next = await anna.PostAsync("/api/label/next", new { runId = "", held = Array.Empty<string>() });
        var lease = next.Body.GetProperty("lease").GetProperty("leaseId").GetString();
        object Label(string? leaseId, string reason = "", string verdict = "tie") => new { leaseId, verdict, strength = 0, reason, elapsedMs = 1000 };

        Assert.Equal(HttpStatusCode.Forbidden, (await ben.PostAsync("/api/label/submit", Label(lease))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.PostAsync("/api/label/next", new { runId = "", held = Array.Empty<string>() })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await anna.PostAsync("/api/label/submit", Label("no-such-lease"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await anna.PostAsync("/api/label/submit", Label(lease, new string('x', LabelInput.MaxReasonLength + 1)))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await anna.PostAsync("/api/label/submit", Label(lease, verdict: "best"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await anna.PostAsync("/api/label/submit", new { leaseId = lease })).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await anna.PostAsync("/api/label/submit", new { leaseId = (string?)null, verdict = "tie", strength = 0, reason = "", elapsedMs = 0 })).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await anna.PostAsync("/api/label/submit", Label(lease, new string('x', 100_000)))).Status);
        Assert.False((await anna.PostAsync("/api/label/submit", Label(lease))).Body.GetProperty("recordedBefore").GetBoolean());
        Assert.True((await anna.PostAsync("/api/label/submit", Label(lease, verdict: "bothBad"))).Body.GetProperty("recordedBefore").GetBoolean());
        await using var ledger = harness.Ledger();
        Assert.Equal(Verdict.Tie, Assert.Single(await ledger.Labels.ToListAsync(Cancellation)).Verdict);
    }

    [Fact]
    public async Task Once_somebody_has_signed_in_only_leads_operate_runs_and_see_people()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        using var nobody = new HttpClient { BaseAddress = new Uri(harness.Address) };
        Assert.Contains("Start a run", await nobody.GetStringAsync("/runs", Cancellation), StringComparison.Ordinal);
        using var anna = await SignedInAsync(harness, "anna");
        using var lead = await SignedInAsync(harness, "lena", LabellerRole.Lead);

        Assert.DoesNotContain("Start a run", await nobody.GetStringAsync("/runs", Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("Start a run", await anna.Client.GetStringAsync("/runs", Cancellation), StringComparison.Ordinal);
        Assert.Contains("Start a run", await lead.Client.GetStringAsync("/runs", Cancellation), StringComparison.Ordinal);
        using var start = await anna.Client.PostAsync("/runs/new", await anna.FormAsync("/runs/new", ("_handler", "start"), ("kind", "rlaif"), ("seed", "1")), Cancellation);
        Assert.Contains("Only a lead", await start.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("lena", await anna.Client.GetStringAsync("/people", Cancellation), StringComparison.Ordinal);
        Assert.Contains("lena", await lead.Client.GetStringAsync("/people", Cancellation), StringComparison.Ordinal);
        using var close = await anna.Client.PostAsync("/people/close", await anna.FormAsync("/label", ("name", "lena")), Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, close.StatusCode);
        await using var ledger = harness.Ledger();
        Assert.Equal(0, await ledger.Runs.CountAsync(Cancellation));
    }

    private static Task<SignedIn> SignedInAsync(ConsoleHarness harness, string name, LabellerRole role = LabellerRole.Labeller) =>
        SignedIn.AsAsync(harness, name, role, Cancellation);

    [GeneratedRegex("rlhf-session=([^;]+)")]
    private static partial Regex SecretPattern();
}
