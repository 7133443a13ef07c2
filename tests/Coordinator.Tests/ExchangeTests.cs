using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;

namespace Rlhf.Coordinator.Tests;

/// <summary>Preference files in over HTTP, and out again.</summary>
[Collection(nameof(CoordinatorHarness))]
public class ExchangeTests(BrokerFixture broker)
{
    private const string Question = """{"role":"user","content":"Grüße 日本?"}""";

    private static readonly string[] _file =
    [
        """{"prompt": "Hi", "chosen": "yes", "rejected": "no"}""",
        "{",
        $$"""{"prompt": [{"role":"system","content":"Be kind."}, {{Question}}], "chosen": [{"role":"assistant","content":"A"}], "rejected": [{"role":"assistant","content":"B\u0000"}], "preference": 0.75}""",
        """{"chosen": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: good", "rejected": "\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: bad"}""",
        """{"prompt": "Hi", "chosen": "same", "rejected": "same"}""",
        "",
        """{"prompt": "Hi", "chosen": "no", "rejected": "maybe"}""",
        """{"prompt": [{"role":"assistant","content":"x"}], "chosen": "a", "rejected": "b"}""",
        """{"prompt": "Even", "chosen": "a", "rejected": "b", "preference": 0.5}""",
        "{",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The ledger's connection string; null for a SQLite file.</summary>
    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    [Fact]
    public async Task A_file_becomes_a_run_that_can_be_exported_in_every_form()
    {
        await using var harness = await HarnessAsync();
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        using var client = Client(app);

        using var answer = await client.PostAsync("/api/imports?name=my%20file", Lines(_file), Cancellation);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var report = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement;
        Assert.Equal("my file", report.GetProperty("file").GetString());
        Assert.Equal((9, 5, 4, 9), (Number(report, "rows"), Number(report, "comparisons"), Number(report, "prompts"), Number(report, "responses")));
        Assert.Equal(
            ["broken_json 2 [2,10]", "identical_responses 1 [5]", "malformed_conversation 1 [8]"],
            report.GetProperty("refused").EnumerateArray().Select(reason => $"{reason.GetProperty("reason")} {reason.GetProperty("count")} {reason.GetProperty("lines")}"));
        var runId = report.GetProperty("runId").GetString() ?? "";

        // Sent twice, as by a form that is posted again, it is in the ledger once.
        using var again = await client.PostAsync("/api/imports?name=another", Lines(_file), Cancellation);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(report.GetRawText(), JsonDocument.Parse(await again.Content.ReadAsStringAsync(Cancellation)).RootElement.GetRawText());
        await app.Services.GetRequiredService<LedgerWriter>().WriteAsync(async (ledger, token) =>
        {
            var known = await ledger.Comparisons.AsNoTracking().FirstAsync(token);
            ledger.Comparisons.Add(new ComparisonRow
            {
                MessageId = $"{runId}/measured",
                RunId = runId,
                Stage = StageContext.BesideNameOf("preferences"),
                PromptId = known.PromptId,
                ResponseAId = known.ResponseAId,
                ResponseBId = known.ResponseBId,
                PreferenceA = 0.9,
            });
        }, Cancellation);

        Assert.Equal(
            [
                """{"prompt":[{"role":"user","content":"Hi"}],"chosen":[{"role":"assistant","content":"yes"}],"rejected":[{"role":"assistant","content":"no"}]}""",
                $$"""{"prompt":[{"role":"system","content":"Be kind."},{{Question}}],"chosen":[{"role":"assistant","content":"A"}],"rejected":[{"role":"assistant","content":"B\u0000"}],"preference":0.75}""",
                """{"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"chosen":[{"role":"assistant","content":"good"}],"rejected":[{"role":"assistant","content":"bad"}]}""",
                """{"prompt":[{"role":"user","content":"Hi"}],"chosen":[{"role":"assistant","content":"no"}],"rejected":[{"role":"assistant","content":"maybe"}]}""",
            ],
            await ExportAsync(client, runId, "trl"));
        Assert.Equal(
            [
                """{"prompt":"Hi","chosen":"yes","rejected":"no"}""",
                """{"prompt":"Be kind.\n\nHuman: Grüße 日本?\n\nAssistant:","chosen":"A","rejected":"B\u0000","preference":0.75}""",
                """{"prompt":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:","chosen":"good","rejected":"bad"}""",
                """{"prompt":"Hi","chosen":"no","rejected":"maybe"}""",
            ],
            await ExportAsync(client, runId, "trl-text"));
        Assert.Equal(
            [
                """{"chosen":"\n\nHuman: Hi\n\nAssistant: yes","rejected":"\n\nHuman: Hi\n\nAssistant: no"}""",
                _file[3].Replace("\": \"", "\":\"", StringComparison.Ordinal).Replace(", ", ",", StringComparison.Ordinal),
                """{"chosen":"\n\nHuman: Hi\n\nAssistant: no","rejected":"\n\nHuman: Hi\n\nAssistant: maybe"}""",
            ],
            await ExportAsync(client, runId, "hh"));
        var native = await ExportAsync(client, runId, "native");
        Assert.Equal(
            ["comparison 6", "prompt 4", "response 9", "run 1", "stage 1"],
            native.GroupBy(line => JsonDocument.Parse(line).RootElement.GetProperty("record").GetString()).Select(group => $"{group.Key} {group.Count()}").Order());
        Assert.Contains(native, line => line.Contains($"\"judgeVersion\":\"import:{report.GetProperty("sha256")}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_without_a_usable_row_is_reported_and_nothing_is_written()
    {
        await using var harness = await HarnessAsync();
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        using var client = Client(app);

        using var answer = await client.PostAsync("/api/imports?name=x", Lines("{", "[]"), Cancellation);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("\"lines\":[1,2]", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        await using var ledger = CoordinatorHarness.Ledger(app);
        Assert.Empty(await ledger.Runs.ToListAsync(Cancellation));
    }

    [Fact]
    public async Task What_may_not_come_in_is_refused_with_a_sentence()
    {
        await using var harness = await HarnessAsync();
        harness.Settings["Import:MaxMegabytes"] = "1";
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        using var client = Client(app);

        await RefusedAsync(HttpStatusCode.Forbidden, "Another site", "?name=x", Lines(_file), ("Origin", "https://evil.example"));
        await RefusedAsync(HttpStatusCode.Forbidden, "Another site", "?name=x", Lines(_file), ("Origin", "null"));
        await RefusedAsync(HttpStatusCode.Forbidden, "Another site", "?name=x", Lines(_file), ("Sec-Fetch-Site", "cross-site"));
        await RefusedAsync(HttpStatusCode.UnsupportedMediaType, "application/jsonl", "?name=x", new StringContent(_file[0]));
        await RefusedAsync(HttpStatusCode.BadRequest, "?name=", "", Lines(_file));
        await RefusedAsync(HttpStatusCode.BadRequest, "?name=", "?name=" + new string('n', 101), Lines(_file));
        var packed = new ByteArrayContent([0x1f, 0x8b, 8, 0]);
        packed.Headers.ContentType = new MediaTypeHeaderValue("application/jsonl");
        await RefusedAsync(HttpStatusCode.UnsupportedMediaType, "x is gzipped; unpack it", "?name=x", packed);
        await RefusedAsync(HttpStatusCode.RequestEntityTooLarge, "larger than 1 MB", "?name=x", Lines([.. Enumerable.Repeat(_file[0], 30_000)]));
        await using var ledger = CoordinatorHarness.Ledger(app);
        Assert.Empty(await ledger.Runs.ToListAsync(Cancellation));

        async Task RefusedAsync(HttpStatusCode status, string said, string query, HttpContent content, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/imports" + query) { Content = content };
            foreach (var (name, value) in headers)
            {
                request.Headers.Add(name, value);
            }

            using var answer = await client.SendAsync(request, Cancellation);
            Assert.Equal(status, answer.StatusCode);
            Assert.Contains(said, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Once_somebody_has_signed_in_only_leads_import()
    {
        await using var harness = await HarnessAsync();
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        using var client = Client(app);
        var accounts = app.Services.GetRequiredService<LabellerAccounts>();
        var lead = await accounts.FindAsync(harness.LeadToken, Cancellation);
        Assert.NotNull(lead);
        var viewer = await accounts.RegisterProgramAsync(lead, "watcher", LabellerRole.Viewer, Cancellation);
        Assert.NotNull(await accounts.RedeemInviteAsync((await accounts.InviteAsync(lead, "anna", LabellerRole.Labeller, Cancellation)).Secret, Cancellation));

        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(null));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync("nobody's"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(viewer.Secret));
        Assert.Equal(HttpStatusCode.Created, await StatusAsync(harness.LeadToken));

        async Task<HttpStatusCode> StatusAsync(string? token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/imports?name=x") { Content = Lines(_file) };
            request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
            using var answer = await client.SendAsync(request, Cancellation);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("nothing", "hh", HttpStatusCode.NotFound, "no run 'nothing'")]
    [InlineData("nothing", "xml", HttpStatusCode.BadRequest, "native, trl, trl-text, hh")]
    public async Task An_export_that_cannot_be_says_why(string runId, string format, HttpStatusCode status, string said)
    {
        await using var harness = await HarnessAsync();
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        using var client = Client(app);

        using var answer = await client.GetAsync($"/api/runs/{runId}/export?format={format}", Cancellation);

        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(said, WebUtility.HtmlDecode(JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("detail").GetString()), StringComparison.Ordinal);
    }

    internal static HttpClient Client(WebApplication app)
    {
        // Endpoints of the configuration are bound in the order of their names: grpc, http.
        var address = app.Urls.Last();
        return new HttpClient { BaseAddress = new Uri(address) };
    }

    internal static async Task<string[]> ExportAsync(HttpClient client, string runId, string format)
    {
        using var answer = await client.GetAsync($"/api/runs/{runId}/export?format={format}", Cancellation);
        Assert.Equal("application/jsonl", answer.Content.Headers.ContentType?.MediaType);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(text.Length == 0 || text.EndsWith('\n'));
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static ByteArrayContent Lines(params string[] lines)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/jsonl");
        return content;
    }

    private static int Number(JsonElement report, string name) => report.GetProperty(name).GetInt32();

    private async Task<CoordinatorHarness> HarnessAsync()
    {
        var harness = await CoordinatorHarness.StartAsync(broker, Cancellation);
        harness.Settings["Run:Definition"] = "none";
        harness.Settings["Data:Path"] = Path.Combine(harness.Folder, "not", "there", "yet");
        harness.Settings["ConnectionStrings:ledger"] = await DatabaseAsync();
        return harness;
    }
}
