using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Web.Provenance;
using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Tests;

/// <summary>Runs that learn from preferences that somebody has already.</summary>
[Collection(nameof(CoordinatorHarness))]
public class ImportedRunTests(BrokerFixture broker)
{
    private const string Road = """
          - stage: ratings
          - stage: reward-model
          - stage: ppo
            steps: 3
          - stage: dpo
          - stage: evaluation
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The ledger's connection string; null for a SQLite file.</summary>
    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    /// <summary>Twenty pairs in TRL's form and twenty in HH-RLHF's, a broken line after the third, one with the same answer twice at the end.</summary>
    internal static IReadOnlyList<string> Pairs { get; } =
    [
        .. Enumerable.Range(0, 3).Select(Trl), "{", .. Enumerable.Range(3, 17).Select(Trl),
        .. Enumerable.Range(20, 20).Select(i => $$"""{"chosen": "\n\nHuman: question {{i}}\n\nAssistant: good {{i}}", "rejected": "\n\nHuman: question {{i}}\n\nAssistant: bad {{i}}"}"""),
        """{"prompt": "question 3", "chosen": "same", "rejected": "same"}""",
    ];

    private static string Trl(int i) => $$"""{"prompt": "question {{i}}", "chosen": "good {{i}}", "rejected": "bad {{i}}", "preference": 0.8}""";

    [Fact]
    public async Task A_run_learns_from_a_file_of_preferences_without_an_answer_sampled_for_comparison()
    {
        await using var harness = await HarnessAsync("max-bad-rows: 2");
        var (app, services) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);

        Assert.Null(run.Error);
        Assert.All(services.Asked.Keys, id => Assert.Contains("/evaluation/", id, StringComparison.Ordinal));
        var stage = run.Stages[0];
        Assert.Equal((42, 42, 2), (stage.Done, stage.Wanted, stage.Refused));
        Assert.Equal("from pairs.jsonl; refused: 1 broken_json (line 4), 1 identical_responses (line 42)", stage.Detail);

        // Without prompts of its own the run has the file's, a fifth of them held out of all training.
        await using var ledger = CoordinatorHarness.Ledger(app);
        var prompts = await ledger.Prompts.ToDictionaryAsync(prompt => prompt.PromptId, Cancellation);
        Assert.Equal(40, prompts.Count);
        var evaluation = prompts.Values.Where(prompt => prompt.IsEvaluation).Select(prompt => QuestionOf(prompt.Turns)).ToHashSet();
        Assert.NotEmpty(evaluation);
        foreach (var job in new[] { "reward-model", "dpo" })
        {
            var pairs = harness.Learner.Started[$"{run.RunId}/{job}"].Data.Preferences;
            Assert.Equal(40, pairs.Count);
            Assert.All(pairs.Where(pair => evaluation.Contains(pair.Prompt.Conversation.Messages[^1].Content)), pair => Assert.True(pair.HeldOut));
            Assert.All(pairs, pair =>
            {
                var number = int.Parse(pair.Prompt.Conversation.Messages[^1].Content[9..], System.Globalization.CultureInfo.InvariantCulture);
                var preference = number < 20 ? 0.8 : 1;
                Assert.Equal(pair.ResponseA.StartsWith("good", StringComparison.Ordinal) ? preference : 1 - preference, pair.PreferenceA, 1e-12);
            });
            Assert.InRange(pairs.Count(pair => pair.ResponseA.StartsWith("good", StringComparison.Ordinal)), 8, 32);
        }

        var learnt = harness.Learner.Started[$"{run.RunId}/ppo"].Data.Prompts.Select(prompt => prompt.Prompt.Conversation.Messages[^1].Content).ToHashSet();
        Assert.Equal(40 - evaluation.Count, learnt.Count);
        Assert.Empty(learnt.Intersect(evaluation));

        var report = JsonDocument.Parse(await app.Services.GetRequiredService<ReportBuilder>().BuildAsync(run.RunId, Cancellation) ?? "").RootElement;
        Assert.Equal((0, "pairs.jsonl"), (report.GetProperty("judge").GetProperty("comparisons").GetInt32(), report.GetProperty("prompts").GetProperty("file").GetString()));
        var refused = report.GetProperty("stages")[0].GetProperty("results").GetProperty("refused");
        Assert.Equal(["broken_json 4", "identical_responses 42"], refused.EnumerateArray().Select(reason => $"{reason.GetProperty("reason")} {Assert.Single(reason.GetProperty("lines").EnumerateArray())}"));

        // Line 7 is question 5: the broken one is before it.
        var comparison = await ledger.Comparisons.SingleAsync(row => row.MessageId == $"{run.RunId}/preferences/line-00000007", Cancellation);
        var origin = await app.Services.GetRequiredService<ProvenanceReader>().PreferenceAsync(comparison.MessageId, Cancellation);
        Assert.Equal(("pairs.jsonl", "question 5"), (origin?.Import?.File, origin?.Turns[^1].Content));
        Assert.Equal("imported, line 7", ProvenanceReader.Who(comparison));
    }

    [Fact]
    public async Task A_run_that_goes_on_has_each_pair_once_whatever_became_of_the_file()
    {
        await using var harness = await HarnessAsync("max-bad-rows: 5%");
        var (first, dying) = await harness.StartCoordinatorAsync(services => services.AnswersLeft = 3, Cancellation);
        await dying.RanDry.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await first.StopAsync(Cancellation);

        // A new run of this file would have two pairs more.
        await File.AppendAllLinesAsync(Path.Combine(harness.Folder, "pairs.jsonl"), ["", Trl(98), Trl(99)], Cancellation);
        harness.Settings["Run:Resume"] = "true";
        var (second, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await CoordinatorHarness.WaitForEndAsync(second, Cancellation);

        Assert.Null(run.Error);
        await using var ledger = CoordinatorHarness.Ledger(second);
        Assert.Single(await ledger.Runs.ToListAsync(Cancellation));
        Assert.Equal((40, 40), (await ledger.Comparisons.CountAsync(Cancellation), await ledger.Prompts.CountAsync(Cancellation)));
        Assert.Equal(80, await ledger.Responses.CountAsync(response => response.Stage == "preferences", Cancellation));
    }

    [Fact]
    public async Task Prompts_that_were_given_come_beside_the_files_and_keep_their_ids()
    {
        await using var harness = await HarnessAsync("max-bad-rows: 5%");
        var prompts = Path.Combine(harness.Folder, "prompts.jsonl");
        await File.WriteAllLinesAsync(prompts, ["""{"id": "mine", "prompt": "question 7", "kind": "harmful"}""", """{"id": "other", "prompt": "something else"}"""], Cancellation);
        harness.Settings["Run:PromptsPath"] = prompts;
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);

        Assert.Null(run.Error);
        await using var ledger = CoordinatorHarness.Ledger(app);
        Assert.Equal(41, await ledger.Prompts.CountAsync(Cancellation));
        var comparison = await ledger.Comparisons.SingleAsync(row => row.MessageId.EndsWith("line-00000009"), Cancellation);
        Assert.Equal("mine", comparison.PromptId);
        Assert.Contains(harness.Learner.Started[$"{run.RunId}/reward-model"].Data.Preferences, pair => pair.Source == "harmful");
    }

    [Theory]
    [InlineData("max-bad-rows: 1", "2 of 42 rows can't be used, and at most 1 are tolerated. 1 broken_json (line 4)", null)]
    [InlineData("max-bad-rows: 5%", "Could not find file", "nothing.jsonl")]
    [InlineData("max-bad-rows: 5%", "has no usable row", "empty.jsonl")]
    public async Task A_file_that_will_not_do_stops_the_start_with_a_sentence(string limit, string said, string? file)
    {
        await using var harness = await HarnessAsync(limit, file ?? "pairs.jsonl");
        await File.WriteAllTextAsync(Path.Combine(harness.Folder, "empty.jsonl"), "\n", Cancellation);

        var error = await Assert.ThrowsAsync<StartupException>(() => harness.StartCoordinatorAsync(null, Cancellation));

        Assert.Contains("stage 'preferences': ", error.Message, StringComparison.Ordinal);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_sent_as_text_names_no_file_of_this_machine_but_an_import()
    {
        await using var harness = await HarnessAsync("max-bad-rows: 5%");
        harness.Settings["Run:Definition"] = "none";
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var commands = app.Services.GetRequiredService<RunCommands>();
        var path = Path.Combine(harness.Folder, "pairs.jsonl");

        var refused = await Assert.ThrowsAsync<ArgumentException>(() => commands.StartFileAsync(Definition($"by: file\n    file: {path}"), 1, Cancellation));
        Assert.Contains("'by: import', 'import: RUN'", refused.Message, StringComparison.Ordinal);
        var unknown = await Assert.ThrowsAsync<ArgumentException>(() => commands.StartFileAsync(Definition("by: import\n    import: nothing"), 1, Cancellation));
        Assert.Contains("no import 'nothing'", unknown.Message, StringComparison.Ordinal);

        using var client = ExchangeTests.Client(app);
        using var content = new ByteArrayContent(await File.ReadAllBytesAsync(path, Cancellation));
        content.Headers.ContentType = new("application/jsonl");
        using var answer = await client.PostAsync("/api/imports?name=mine", content, Cancellation);
        var import = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement.GetProperty("runId").GetString();
        var started = await commands.StartFileAsync(Definition($"by: import\n    import: {import}"), 1, Cancellation);
        var run = await WaitForEndAsync(app, started.RunId);

        Assert.Null(run.Error);
        Assert.Equal("from mine; refused: 1 broken_json (line 4), 1 identical_responses (line 42)", run.Stages[0].Detail);
        Assert.Equal(40, harness.Learner.Started[$"{run.RunId}/reward-model"].Data.Preferences.Count);
        // The same pairs, the same way round, from the same lines.
        await using var ledger = CoordinatorHarness.Ledger(app);
        var rows = (await ledger.Comparisons.ToListAsync(Cancellation)).ToLookup(
            row => row.RunId, row => (row.MessageId[row.RunId.Length..], row.PromptId, row.ResponseAId[row.RunId.Length..], row.PreferenceA, row.JudgeVersion));
        Assert.Equal(rows[import ?? ""].Order(), rows[run.RunId].Order());
    }

    internal static string Definition(string preferences) => $"""
        stages:
          - stage: preferences
            {preferences}
        {Road}
        """;

    private static string QuestionOf(string turns) => JsonDocument.Parse(turns).RootElement[0].GetProperty("content").GetString() ?? "";

    private static async Task<RunSnapshot> WaitForEndAsync(WebApplication app, string runId)
    {
        var board = app.Services.GetRequiredService<RunBoard>();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            var change = board.Next;
            if (board.Find(runId) is { IsEnded: true } run)
            {
                return run;
            }

            await change.WaitAsync(timeout.Token);
        }
    }

    private async Task<CoordinatorHarness> HarnessAsync(string limit, string file = "pairs.jsonl")
    {
        var harness = await CoordinatorHarness.StartAsync(broker, Cancellation);
        await File.WriteAllLinesAsync(Path.Combine(harness.Folder, "pairs.jsonl"), Pairs, Cancellation);
        var definition = Path.Combine(harness.Folder, "run.yaml");
        await File.WriteAllTextAsync(definition, Definition($"by: file\n    file: {file}\n    {limit}"), Cancellation);
        harness.Settings["ConnectionStrings:ledger"] = await DatabaseAsync();
        harness.Settings["Run:Definition"] = definition;
        return harness;
    }
}
