using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

[Collection(nameof(CoordinatorHarness))]
public class RunTests(BrokerFixture broker)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The ledger's connection string; null for a SQLite file.</summary>
    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    private async Task<CoordinatorHarness> HarnessAsync(int harmful = 10, int harmless = 10)
    {
        var harness = await CoordinatorHarness.StartAsync(broker, Cancellation);
        harness.Settings["ConnectionStrings:ledger"] = await DatabaseAsync();
        harness.Settings["Run:Definition"] = "rlaif";
        harness.Settings["Run:Seed"] = "7";
        harness.Settings["Run:PromptsPath"] = harness.WritePrompts(harmful, harmless);
        return harness;
    }

    [Fact]
    public async Task A_run_goes_through_every_stage_and_reports_it()
    {
        await using var harness = await HarnessAsync();
        var (app, services) = await harness.StartCoordinatorAsync(null, Cancellation);

        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);

        Assert.Null(run.Error);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(
            ["critique-revision", "fine-tuning", "responses", "preferences", "ratings", "reward-model", "ppo", "evaluation"],
            run.Stages.Select(stage => stage.Name));
        Assert.All(run.Stages, stage => Assert.Equal(stage.Wanted, stage.Done));
        Assert.All(services.Asked.Values, count => Assert.Equal(1, count));

        // Fine-tuning asks for answers before it trains: its count is of both, and its curve of the three steps.
        var prompts = services.Asked.Keys.Count(id => id.Contains("/fine-tuning/", StringComparison.Ordinal));
        Assert.True(prompts > 0);
        Assert.Equal((prompts + 3, "prompts and steps", "loss 0.333 at step 3"), (run.Stages[1].Done, run.Stages[1].Unit, run.Stages[1].Detail));
        Assert.Equal([(3, "steps"), (3, "steps")], run.Stages.Skip(5).Take(2).Select(stage => (stage.Done, stage.Unit)));

        var json = await app.Services.GetRequiredService<ReportBuilder>().BuildAsync(run.RunId, Cancellation);
        var report = JsonDocument.Parse(json ?? "").RootElement;
        Assert.Equal(run.RunId, report.GetProperty("run").GetString());
        Assert.Equal(7, report.GetProperty("seed").GetInt64());
        Assert.True(report.GetProperty("wallSeconds").GetDouble() > 0);
        Assert.Equal(8, report.GetProperty("stages").GetArrayLength());
        var first = report.GetProperty("stages")[0];
        Assert.Equal("critique-revision", first.GetProperty("name").GetString());
        Assert.True(first.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(first.GetProperty("wanted").GetInt64(), first.GetProperty("done").GetInt64());
        Assert.Equal(0.875, report.GetProperty("rewardModel").GetProperty("pairwiseAccuracy").GetDouble());
        Assert.Equal(1.5, report.GetProperty("ppo").GetProperty("klFinal").GetDouble());
        Assert.Equal(0.1, report.GetProperty("ppo").GetProperty("scoreFirst").GetDouble(), 1e-12);
        Assert.Equal(0.3, report.GetProperty("ppo").GetProperty("scoreLast").GetDouble(), 1e-12);
        Assert.Equal(0.01, report.GetProperty("trainableParameterShare").GetDouble());
        foreach (var model in new[] { "base", "fineTuned", "ppo" })
        {
            var evaluation = report.GetProperty("evaluation").GetProperty(model);
            Assert.True(evaluation.GetProperty("prompts").GetInt32() > 0);
            Assert.False(evaluation.GetProperty("oracleApplies").GetBoolean());
            Assert.Equal(JsonValueKind.Null, evaluation.GetProperty("harmfulCompliance").ValueKind);
            Assert.Equal(JsonValueKind.Null, evaluation.GetProperty("harmlessHelpfulness").ValueKind);
            Assert.Equal(0.5, evaluation.GetProperty("meanScore").GetDouble());
        }
    }

    [Fact]
    public async Task Direct_preference_optimization_trains_on_the_comparisons_and_is_evaluated()
    {
        await using var harness = await HarnessAsync();
        var definition = Path.GetTempFileName();
        await File.WriteAllTextAsync(definition, """
            stages:
              - stage: fine-tuning
                packing: false
              - stage: responses
              - stage: preferences
              - stage: reward-model
                precision: bfloat16
                head-per-source: true
                pooled-tokens: 32
              - stage: dpo
                loss: identity
                beta: 0.2
                precision: bfloat16
                recompute-activations: true
              - stage: evaluation
            """, Cancellation);
        harness.Settings["Run:Definition"] = definition;
        var (app, services) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);
        File.Delete(definition);

        Assert.Null(run.Error);
        var (specification, data) = harness.Learner.Started[$"{run.RunId}/dpo"];
        Assert.Equal((DirectPreferenceLoss.Identity, 0.2), (specification.Dpo.Loss, specification.Dpo.Beta));
        Assert.Equal((Precision.Bfloat16, true), (specification.Dpo.Precision, specification.Dpo.RecomputeActivations));
        var fineTuning = harness.Learner.Started[$"{run.RunId}/fine-tuning"].Item1.Supervised;
        Assert.Equal((Precision.Float32, true, false), (fineTuning.Precision, fineTuning.HasPacking, fineTuning.Packing));
        var (rewardModelJob, rated) = harness.Learner.Started[$"{run.RunId}/reward-model"];
        var rewardModel = rewardModelJob.RewardModel;
        Assert.Equal((Precision.Bfloat16, false, true, 32), (rewardModel.Precision, rewardModel.RecomputeActivations, rewardModel.HeadPerSource, rewardModel.PooledTokens));
        Assert.Equal(["harmful", "harmless"], rated.Preferences.Select(pair => pair.Source).Distinct().Order());
        Assert.Equal($"{run.RunId}/fine-tuning/v1", specification.InitialVersion);
        Assert.Contains(data.Preferences, pair => pair.HeldOut);
        Assert.Contains(data.Preferences, pair => !pair.HeldOut);
        var json = await app.Services.GetRequiredService<ReportBuilder>().BuildAsync(run.RunId, Cancellation);
        var evaluation = JsonDocument.Parse(json ?? "").RootElement.GetProperty("evaluation");
        Assert.Equal(specification.PublishedVersion, evaluation.GetProperty("dpo").GetProperty("version").GetString());
    }

    [Fact]
    public async Task A_run_left_in_the_middle_goes_on_in_the_next_process_and_every_item_counts_once()
    {
        await using var harness = await HarnessAsync();
        var (first, dying) = await harness.StartCoordinatorAsync(services => services.AnswersLeft = 20, Cancellation);
        await dying.RanDry.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await first.StopAsync(Cancellation);

        harness.Settings["Run:Resume"] = "true";
        harness.Settings["Run:Seed"] = "999";
        var (second, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await CoordinatorHarness.WaitForEndAsync(second, Cancellation);

        Assert.Null(run.Error);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal(7, run.Seed);
        Assert.All(run.Stages, stage => Assert.Equal(stage.Wanted, stage.Done));
        await using var ledger = CoordinatorHarness.Ledger(second);
        Assert.Single(await ledger.Runs.ToListAsync(Cancellation));
        var answered = await ledger.Responses.Where(response => response.Stage == "evaluation").GroupBy(response => response.PolicyVersion)
            .Select(group => group.Count()).ToListAsync(Cancellation);
        Assert.Equal(3, answered.Count);
        Assert.Single(answered.Distinct());
    }

    [Fact]
    public async Task A_Coordinator_in_the_place_of_one_that_died_goes_on_with_its_run_and_begins_no_other()
    {
        await using var harness = await HarnessAsync(4, 4);
        harness.Settings["Run:Session"] = "one";
        var (first, dying) = await harness.StartCoordinatorAsync(services => services.AnswersLeft = 20, Cancellation);
        await dying.RanDry.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await first.StopAsync(Cancellation);

        var (second, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await CoordinatorHarness.WaitForEndAsync(second, Cancellation);
        Assert.Equal((RunStatus.Succeeded, null), (run.Status, run.Error));
        await second.StopAsync(Cancellation);

        // One that dies after the run's end begins no other either, and knows what became of it; a new session begins one.
        var (third, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var board = third.Services.GetRequiredService<RunBoard>();
        await WaitForStartAsync(board);
        Assert.Equal(run.RunId, board.StartedByItself);
        await third.StopAsync(Cancellation);
        harness.Settings["Run:Session"] = "two";
        var (fourth, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        await WaitForStartAsync(fourth.Services.GetRequiredService<RunBoard>());

        await using var ledger = CoordinatorHarness.Ledger(fourth);
        Assert.Equal(2, await ledger.Runs.CountAsync(Cancellation));
    }

    [Fact]
    public async Task Two_runs_with_the_same_seed_ask_for_the_same_things()
    {
        var asked = new List<string[]>();
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await using var harness = await HarnessAsync(5, 5);
            var (app, services) = await harness.StartCoordinatorAsync(null, Cancellation);
            var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);
            Assert.Null(run.Error);
            await using var ledger = CoordinatorHarness.Ledger(app);
            asked.Add([.. services.Asked.Keys.Select(id => id.Replace(run.RunId, "run", StringComparison.Ordinal)).Order(StringComparer.Ordinal)]);
            Assert.NotEmpty(await ledger.Comparisons.ToListAsync(Cancellation));
        }

        Assert.Equal(asked[0], asked[1]);
    }

    [Fact]
    public async Task Items_that_do_not_fit_are_refused_one_by_one_and_counted()
    {
        await using var harness = await HarnessAsync();
        var (app, _) = await harness.StartCoordinatorAsync(services => services.TooLong.UnionWith(["good-0", "good-1", "good-2", "good-3"]), Cancellation);

        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);

        Assert.Null(run.Error);
        var json = JsonDocument.Parse(await app.Services.GetRequiredService<ReportBuilder>().BuildAsync(run.RunId, Cancellation) ?? "").RootElement;
        var refused = json.GetProperty("stages").EnumerateArray()
            .Where(stage => stage.GetProperty("refused").GetInt64() > 0)
            .SelectMany(stage => stage.GetProperty("refusedByReason").EnumerateObject().Select(reason => reason.Name));
        Assert.Equal(["TooLong: the prompt does not fit the context"], refused.Distinct());
    }

    [Fact]
    public async Task A_stage_whose_items_are_all_refused_fails_with_the_commonest_reason()
    {
        await using var harness = await HarnessAsync(3, 3);
        var everything = Enumerable.Range(0, 3).SelectMany(i => new[] { $"good-{i}", $"bad-{i}" });
        var (app, _) = await harness.StartCoordinatorAsync(services => services.TooLong.UnionWith(everything), Cancellation);

        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);

        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Contains("fine-tuning", run.Error);
        Assert.Contains("TooLong: the prompt does not fit the context", run.Error);
    }

    [Fact]
    public async Task A_learner_that_forgets_its_jobs_is_given_them_again()
    {
        await using var harness = await HarnessAsync(4, 4);
        harness.Learner.Restarts = 1;
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);

        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);

        Assert.Null(run.Error);
        Assert.Equal(4, harness.Learner.Starts);
        Assert.Equal(3, harness.Learner.Started.Count);
        var (_, data) = harness.Learner.Started.Single(job => job.Key.EndsWith("reward-model", StringComparison.Ordinal)).Value;
        var heldOut = data.Preferences.Where(pair => pair.HeldOut).Select(pair => pair.Prompt).ToHashSet();
        Assert.NotEmpty(heldOut);
        Assert.DoesNotContain(data.Preferences.Where(pair => !pair.HeldOut), pair => heldOut.Contains(pair.Prompt));
    }

    [Fact]
    public async Task A_cancelled_run_ends_and_its_job_with_it()
    {
        await using var harness = await HarnessAsync(4, 4);
        var (app, services) = await harness.StartCoordinatorAsync(stand => stand.AnswersLeft = 2, Cancellation);
        await services.RanDry.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        var board = app.Services.GetRequiredService<RunBoard>();

        Assert.True(app.Services.GetRequiredService<RunEngine>().Stop(board.StartedByItself ?? "", RunStatus.Cancelled));

        Assert.Equal(RunStatus.Cancelled, (await CoordinatorHarness.WaitForEndAsync(app, Cancellation)).Status);
    }

    private static async Task WaitForStartAsync(RunBoard board)
    {
        while (true)
        {
            var change = board.Next;
            if (board.StartedByItself is not null)
            {
                return;
            }

            await change.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        }
    }
}
