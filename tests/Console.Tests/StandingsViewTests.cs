using System.Text.RegularExpressions;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.Coordinator.Tests;

namespace Rlhf.Console.Tests;

/// <summary>What the ratings of versions say of the comparisons behind them.</summary>
public sealed class StandingsViewTests(BrokerFixture broker)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_told_of_no_comparison_of_one_and_of_several_as_one_would_say_it()
    {
        await using var harness = await ConsoleHarness.StartAsync(broker);
        await SeededRun.AddAsync(harness.Writer, prompts: 4); // the newest run: of the others nothing is rated before somebody looks
        await OtherRuns.AddAsync(harness.Writer);
        await harness.Writer.WriteAsync(static (ledger, _) =>
        {
            ledger.AddRange(
                Comparison(OtherRuns.Succeeded, "harm-0", 0, 1),
                Comparison(OtherRuns.Talks, "talk", 0, 1),
                Comparison(OtherRuns.Talks, "talk", 0, 2),
                new ResponseRow { ResponseId = Answer(OtherRuns.Talks, "talk", 2), RunId = OtherRuns.Talks, Stage = StageKinds.Responses, Step = 0, PromptId = "talk", PolicyVersion = "another", Text = "Rest.", TokenCount = 2, IsFinished = true, Seed = 2 });
            return Task.CompletedTask;
        }, Cancellation);
        using var client = new HttpClient();
        async Task<string> TextAsync(string run)
        {
            // The words, without the table and the time.
            var html = await client.GetStringAsync($"{harness.Address}/parts/standings?run={run}", Cancellation);
            var paragraphs = html[(html.LastIndexOf("</table>", StringComparison.Ordinal) is var table and >= 0 ? table : 0)..];
            return string.Join(' ', Regex.Replace(paragraphs, "<time.*?</time>", "TIME")
                .Split(['<', '>']).Where((_, index) => index % 2 == 0).Select(text => text.Trim()).Where(text => text.Length > 0));
        }

        Assert.Equal("No comparison yet.", await TextAsync(OtherRuns.Failed));
        Assert.Equal("No comparison of two versions yet. 1 comparison as of TIME; it compares two answers of one version and says nothing here.", await TextAsync(OtherRuns.Succeeded));
        Assert.Equal("2 comparisons as of TIME; 1 of them compares two answers of one version and says nothing here.", await TextAsync(OtherRuns.Talks));
        Assert.Equal("4 comparisons as of TIME.", await TextAsync(SeededRun.Id));

        // Two people's 54 labels on 40 pairs, and the judge's 40 comparisons.
        Assert.Equal("No comparison of two versions yet. 94 comparisons as of TIME; all of them compare two answers of one version and say nothing here.", await TextAsync(OtherRuns.Labelled));
    }

    private static string Answer(string run, string prompt, int number) => $"{run}/{StageKinds.Responses}/{prompt}#{number}";

    private static ComparisonRow Comparison(string run, string prompt, int a, int b) => new()
    {
        MessageId = $"{run}/{StageKinds.Preferences}/{prompt}/{a}-{b}",
        RunId = run,
        Stage = StageKinds.Preferences,
        PromptId = prompt,
        ResponseAId = Answer(run, prompt, a),
        ResponseBId = Answer(run, prompt, b),
        PreferenceA = 0.2,
        LabellerId = "anna",
    };
}
