using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Tests;

namespace Rlhf.Console.Tests;

/// <summary>
/// Pages over a large ledger: LARGE_LEDGER_ANSWERS answers (2,000 unless set; the published figures are for 100,000) and three times as
/// many comparisons. The bounds hold for any size.
/// </summary>
public sealed class LargeLedgerTests(BrokerFixture broker)
{
    private const string RunId = "large";
    private const int AnswersPerPrompt = 4;
    private const int PairsPerPrompt = AnswersPerPrompt * (AnswersPerPrompt - 1) / 2;
    private const int TimesCompared = 2;

    private static readonly TimeSpan _most = TimeSpan.FromSeconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static int Answers => Environment.GetEnvironmentVariable("LARGE_LEDGER_ANSWERS") is { Length: > 0 } text
        ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
        : 2000;

    [Fact]
    public async Task Pages_come_within_a_second()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeedAsync(harness, Answers / AnswersPerPrompt);
        using var client = new HttpClient { BaseAddress = new Uri(harness.Address), Timeout = TimeSpan.FromMinutes(2) };

        // The ratings of versions are made in the background; the first look may have to wait for them, and compiles the pages.
        var paths = new[]
        {
            "/runs", $"/runs/{RunId}", "/ratings", "/ratings?of=raters", "/ratings?of=answers", "/ratings?of=answers&prompt=p7", "/ledger", "/ledger?what=answers",
            $"/ledger?after={RunId}/preferences/p7-", $"/ledger/answer?id={RunId}/responses/p7%230", $"/ledger/preference?id={RunId}/preferences/p7-0-1-0", "/try", "/agreement",
        };
        foreach (var path in paths)
        {
            var since = Stopwatch.GetTimestamp();
            using var warm = await client.GetAsync(path, Cancellation);
            warm.EnsureSuccessStatusCode();
            TestContext.Current.TestOutputHelper?.WriteLine($"{path}: {Stopwatch.GetElapsedTime(since).TotalMilliseconds:F0} ms the first time");
        }

        var slow = new List<string>();
        foreach (var path in paths)
        {
            var since = Stopwatch.GetTimestamp();
            await client.GetStringAsync(path, Cancellation);
            var took = Stopwatch.GetElapsedTime(since);
            TestContext.Current.TestOutputHelper?.WriteLine($"{path}: {took.TotalMilliseconds:F0} ms");
            if (took > _most)
            {
                slow.Add($"{path}: {took}");
            }
        }

        Assert.Empty(slow);
    }

    private static async Task SeedAsync(ConsoleHarness harness, int prompts)
    {
        // By the thousand and without the writer's queue: this is no test of writing.
        for (var start = 0; start < prompts; start += 1000)
        {
            await using var ledger = harness.App.Services.GetRequiredService<IDbContextFactory<LedgerContext>>().CreateDbContext();
            ledger.ChangeTracker.AutoDetectChangesEnabled = false;
            if (start == 0)
            {
                ledger.Add(new RunRow
                {
                    RunId = RunId, Name = "large", Seed = 1, Definition = RunDefinitionReader.Write(BuiltInRuns.Rlaif), Status = RunStatus.Succeeded,
                    CreatedUnixMs = 1, PromptReport = "null",
                });
                ledger.AddRange(BuiltInRuns.Rlaif.Stages.Select((stage, position) => new StageRow { RunId = RunId, Name = stage.Name, Position = position, Status = StageStatus.Succeeded }));
            }

            foreach (var prompt in Enumerable.Range(start, Math.Min(1000, prompts - start)))
            {
                AddPrompt(ledger, prompt);
            }

            await ledger.SaveChangesAsync(Cancellation);
        }
    }

    private static void AddPrompt(LedgerContext ledger, int prompt)
    {
        ledger.Add(new PromptRow
        {
            RunId = RunId, PromptId = $"p{prompt}", Position = prompt, Kind = Coordinator.Prompts.PromptKind.Harmless, IsEvaluation = false,
            Turns = $$"""[{"role":"user","content":"question {{prompt}}"}]""",
        });
        for (var answer = 0; answer < AnswersPerPrompt; answer++)
        {
            var id = $"{RunId}/responses/p{prompt}#{answer}";
            ledger.Add(new ResponseRow
            {
                ResponseId = id, RunId = RunId, Stage = "responses", Step = 0, PromptId = $"p{prompt}", PolicyVersion = answer == 0 ? "base" : $"{RunId}/v{answer}",
                Text = $"answer {answer} to question {prompt}", TokenCount = 6, IsFinished = true, Seed = answer,
            });
            ledger.Add(new RatingRow { RunId = RunId, ResponseId = id, PromptId = $"p{prompt}", Elo = 1000 + answer, BradleyTerry = 1000 + answer, Comparisons = 6 });
        }

        // Of every fifth prompt half the pairs are compared by two judges and two people, of the others all by two judges.
        var pairs = prompt % 5 == 0 ? PairsPerPrompt / 2 : PairsPerPrompt;
        for (var time = 0; time < TimesCompared * PairsPerPrompt; time++)
        {
            var (first, second) = _pairs[time % pairs];
            var rater = time / pairs;
            ledger.Add(new ComparisonRow
            {
                MessageId = $"{RunId}/preferences/p{prompt}-{first}-{second}-{rater}", RunId = RunId, Stage = "preferences", PromptId = $"p{prompt}",
                ResponseAId = $"{RunId}/responses/p{prompt}#{first}", ResponseBId = $"{RunId}/responses/p{prompt}#{second}",
                PreferenceA = (prompt + time) % 3 == 0 ? 0.8 : 0.3, ProbabilityAFirst = 0.5, ProbabilityASecond = 0.5, SamePosition = false, PrincipleId = "kind",
                LabellerId = rater < TimesCompared ? null : $"person-{rater}", JudgeVersion = rater < TimesCompared ? $"judge-{rater}" : null, TemplateHash = "t", Seed = time,
            });
        }
    }

    private static readonly (int First, int Second)[] _pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)];
}
