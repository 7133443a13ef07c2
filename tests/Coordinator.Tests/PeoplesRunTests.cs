using System.Collections.Concurrent;
using System.Text.Json;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

/// <summary>Runs that wait for people, driven through gRPC.</summary>
[Collection(nameof(CoordinatorHarness))]
public class PeoplesRunTests(BrokerFixture broker)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The ledger's connection string; null for a SQLite file.</summary>
    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    private async Task<CoordinatorHarness> HarnessAsync(string preferences, int prompts)
    {
        var harness = await CoordinatorHarness.StartAsync(broker, Cancellation);
        var definition = Path.Combine(harness.Folder, "run.yaml");
        await File.WriteAllTextAsync(definition, $"""
            stages:
              - stage: responses
                prompts: 1000
                responses-per-prompt: 3
                base-responses-per-prompt: 0
              - stage: preferences
                {preferences}
              - stage: ratings
              - stage: reward-model
              - stage: evaluation
            """, Cancellation);
        harness.Settings["ConnectionStrings:ledger"] = await DatabaseAsync();
        harness.Settings["Run:Definition"] = definition;
        harness.Settings["Run:PromptsPath"] = harness.WritePrompts(prompts / 2, prompts / 2);
        return harness;
    }

    private static Task<RunSnapshot> WaitForPeopleAsync(WebApplication app) =>
        CoordinatorHarness.WaitForAsync(app, run => run.Stages.Any(stage => stage.Detail == "waiting for people"), Cancellation);

    /// <summary>Labels until there is nothing more: the longer answer is better, or else the second one.</summary>
    private static async Task<int> LabelAsync(FeedbackService.FeedbackServiceClient client, int most = int.MaxValue, Action<string>? onTaken = null)
    {
        for (var counted = 0; counted < most;)
        {
            var next = await client.NextComparisonAsync(new NextComparisonRequest(), cancellationToken: Cancellation);
            if (next.Lease is not { } lease)
            {
                return counted;
            }

            var done = await client.SubmitPreferenceAsync(new SubmitPreferenceRequest
            {
                LeaseId = lease.LeaseId,
                Verdict = string.CompareOrdinal(lease.ResponseFirst, lease.ResponseSecond) > 0 ? PreferenceVerdict.First : PreferenceVerdict.Second,
                Strength = 3,
                ElapsedMs = 1,
            }, cancellationToken: Cancellation);
            onTaken?.Invoke(lease.LeaseId);
            counted += done.Counted ? 1 : 0;
        }

        return most;
    }

    private static async Task<string> RegisterAsync(FeedbackService.FeedbackServiceClient lead, string name, LabellerRole role = LabellerRole.Labeller) =>
        (await lead.RegisterProgramAsync(new RegisterProgramRequest { Name = name, Role = role }, cancellationToken: Cancellation)).Secret;

    [Fact]
    public async Task Fifty_labellers_at_once_lose_no_pair_and_double_none_and_the_run_goes_on()
    {
        await using var harness = await HarnessAsync("by: people\n    labels: 300\n    overlap-share: 0.1\n    repeat-share: 0.05", prompts: 160);
        var (app, services) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await WaitForPeopleAsync(app);
        Assert.Equal((0, 300), (run.Stages[1].Done, run.Stages[1].Wanted));
        var lead = CoordinatorHarness.Feedback(app, harness.LeadToken);
        var clients = new List<FeedbackService.FeedbackServiceClient>();
        for (var i = 0; i < 50; i++)
        {
            clients.Add(CoordinatorHarness.Feedback(app, await RegisterAsync(lead, $"program-{i}")));
        }

        var counted = await Task.WhenAll(clients.Select(client => Task.Run(() => LabelAsync(client), Cancellation)));

        Assert.Equal(300, counted.Sum());
        run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);
        Assert.Null(run.Error);
        Assert.Equal(RunStatus.Succeeded, run.Status);
        Assert.Equal((300, 300), (run.Stages[1].Done, run.Stages[1].Wanted));
        var judged = services.Asked.Keys.Count(id => id.Contains("/preferences/", StringComparison.Ordinal));

        await using var ledger = CoordinatorHarness.Ledger(app);
        var labels = await ledger.Labels.ToListAsync(Cancellation);
        var copies = await ledger.ComparisonPairs.ToDictionaryAsync(pair => pair.PairId, pair => pair.Copies, Cancellation);
        Assert.All(labels.Where(label => !label.IsRepeat).GroupBy(label => label.PairId), pair =>
        {
            Assert.True(pair.Count() <= copies[pair.Key]);
            Assert.Equal(pair.Count(), pair.Select(label => label.LabellerId).Distinct().Count());
        });
        Assert.Equal(300, labels.Count(label => label.IsCounted));
        var comparisons = await ledger.Comparisons.ToListAsync(Cancellation);
        Assert.Equal(300, comparisons.Count(row => row is { Stage: "preferences", LabellerId: not null }));
        Assert.Equal(judged, comparisons.Count(row => row is { Stage: "preferences/measured", LabellerId: null }));
        Assert.Equal(300 + judged, comparisons.Count);
        Assert.All(labels, label => Assert.True(label.IsProgram));
        Assert.Equal(labels.Count, labels.Select(label => label.Number).Distinct().Count());
        var (_, data) = harness.Learner.Started.Single(job => job.Key.EndsWith("reward-model", StringComparison.Ordinal)).Value;
        Assert.Equal(300, data.Preferences.Count);

        var report = JsonDocument.Parse(await app.Services.GetRequiredService<ReportBuilder>().BuildAsync(run.RunId, Cancellation) ?? "").RootElement;
        var people = report.GetProperty("people");
        Assert.Equal((300, 1.0), (people.GetProperty("labels").GetInt32(), people.GetProperty("programShare").GetDouble()));
        Assert.Equal(labels.Count(label => label.IsRepeat), people.GetProperty("repeats").GetInt32());
        // All follow one rule, so two of them agree on every pair; so does the judge's stand-in.
        Assert.Equal(1, people.GetProperty("agreement").GetProperty("value").GetDouble());
        Assert.Equal(judged, people.GetProperty("agreementWithJudge").GetProperty("items").GetInt32());
        Assert.Equal(1, people.GetProperty("agreementWithJudgeByPrinciple").GetProperty("kind").GetProperty("value").GetDouble());
        Assert.Equal(judged, report.GetProperty("judge").GetProperty("comparisons").GetInt32());
    }

    [Fact]
    public async Task A_run_that_waits_for_people_goes_on_waiting_in_the_next_process()
    {
        await using var harness = await HarnessAsync("by: people\n    labels: 20\n    repeat-share: 0\n    overlap-share: 0", prompts: 40);
        var (first, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await WaitForPeopleAsync(first);
        var token = await RegisterAsync(CoordinatorHarness.Feedback(first, harness.LeadToken), "program");
        var client = CoordinatorHarness.Feedback(first, token);
        Assert.Equal(7, await LabelAsync(client, most: 7));
        var open = (await client.NextComparisonAsync(new NextComparisonRequest(), cancellationToken: Cancellation)).Lease;
        await first.StopAsync(Cancellation);

        harness.Settings["Run:Definition"] = "none";
        var (second, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var waiting = await WaitForPeopleAsync(second);
        Assert.Equal((run.RunId, 7, 20), (waiting.RunId, waiting.Stages[1].Done, waiting.Stages[1].Wanted));
        client = CoordinatorHarness.Feedback(second, token);
        var again = (await client.NextComparisonAsync(new NextComparisonRequest(), cancellationToken: Cancellation)).Lease;
        Assert.Equal((open.LeaseId, open.ResponseFirst), (again.LeaseId, again.ResponseFirst));
        Assert.Equal(13, await LabelAsync(client));

        var ended = await CoordinatorHarness.WaitForEndAsync(second, Cancellation);
        Assert.Null(ended.Error);
        Assert.Equal(RunStatus.Succeeded, ended.Status);
        await using var ledger = CoordinatorHarness.Ledger(second);
        Assert.Single(await ledger.Runs.ToListAsync(Cancellation));
        Assert.Equal(20, await ledger.Comparisons.CountAsync(row => row.Stage == "preferences", Cancellation));
    }

    [Fact]
    public async Task A_run_that_waits_for_people_gives_way_to_another_one_that_is_wanted_at_the_start()
    {
        await using var harness = await HarnessAsync("by: people\n    labels: 20", prompts: 40);
        var (first, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var waiting = await WaitForPeopleAsync(first);
        await first.StopAsync(Cancellation);

        harness.Settings["Run:Seed"] = "5";
        var (second, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var other = await WaitForPeopleAsync(second);
        Assert.NotEqual(waiting.RunId, other.RunId);
        var lead = CoordinatorHarness.Feedback(second, harness.LeadToken);
        var none = await lead.NextComparisonAsync(new NextComparisonRequest { RunId = waiting.RunId }, cancellationToken: Cancellation);
        Assert.Equal(NoComparisonReason.Paused, none.None);
        Assert.Equal(
            RunStatus.Paused, (await second.Services.GetRequiredService<RunStore>().FindAsync(waiting.RunId, Cancellation))?.Status);
        Assert.Equal(other.RunId, (await lead.NextComparisonAsync(new NextComparisonRequest(), cancellationToken: Cancellation)).Lease.RunId);
        await second.StopAsync(Cancellation);

        // The same run and seed as the other one's: that one goes on.
        var (third, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        Assert.Equal(other.RunId, (await WaitForPeopleAsync(third)).RunId);
    }

    [Fact]
    public async Task A_killed_coordinator_has_kept_every_label_that_it_took_and_takes_none_twice()
    {
        await using var harness = await HarnessAsync("by: people\n    labels: 400\n    repeat-share: 0\n    overlap-share: 0.2", prompts: 200);
        var (first, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        await WaitForPeopleAsync(first);
        var lead = CoordinatorHarness.Feedback(first, harness.LeadToken);
        var tokens = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            tokens.Add(await RegisterAsync(lead, $"program-{i}"));
        }

        await first.StopAsync(Cancellation);
        harness.Settings["Run:Definition"] = "none";

        var taken = new ConcurrentBag<string>();
        var enough = new TaskCompletionSource();
        using (var process = await CoordinatorProcess.StartAsync(harness.Connections, Cancellation))
        {
            await process.WaitForLabellingAsync(tokens[0], Cancellation);
            var labelling = Task.WhenAll(tokens.Select(token => Task.Run(async () =>
            {
                var client = CoordinatorHarness.Feedback(process.GrpcAddress, token);
                var ended = await Assert.ThrowsAsync<RpcException>(() => LabelAsync(client, onTaken: leaseId =>
                {
                    taken.Add(leaseId);
                    if (taken.Count > 100)
                    {
                        enough.TrySetResult();
                    }
                }));
                Assert.NotEqual(StatusCode.InvalidArgument, ended.StatusCode);
            }, Cancellation)));
            await Task.WhenAny(enough.Task, labelling);
            await process.KillAsync(Cancellation);
            await labelling;
        }

        var (second, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        await WaitForPeopleAsync(second);
        await using (var ledger = CoordinatorHarness.Ledger(second))
        {
            var kept = await ledger.Labels.Select(label => label.LeaseId).ToListAsync(Cancellation);
            Assert.InRange(taken.Count, 101, 399);
            Assert.Empty(taken.Except(kept));
            // The label of each labeller's last call may have been kept without their hearing of it.
            Assert.InRange(kept.Count, taken.Count, taken.Count + 6);
            Assert.Equal(kept.Count, (await ledger.Labellings.SingleAsync(Cancellation)).Done);
        }

        await Task.WhenAll(tokens.Select(token => LabelAsync(CoordinatorHarness.Feedback(second, token))));
        Assert.Null((await CoordinatorHarness.WaitForEndAsync(second, Cancellation)).Error);
        await using var after = CoordinatorHarness.Ledger(second);
        Assert.Equal(400, await after.Labels.CountAsync(label => label.IsCounted, Cancellation));
        Assert.All(await after.ComparisonPairs.ToListAsync(Cancellation), pair => Assert.InRange(pair.Taken, 0, pair.Copies));
    }

    [Fact]
    public async Task A_paused_runs_labellers_wait_with_it_and_a_lead_ends_the_labelling()
    {
        await using var harness = await HarnessAsync("by: people\n    labels: 20", prompts: 40);
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        var run = await WaitForPeopleAsync(app);
        var lead = CoordinatorHarness.Feedback(app, harness.LeadToken);
        Assert.Equal(4, await LabelAsync(lead, most: 4));

        var engine = app.Services.GetRequiredService<RunEngine>();
        Assert.True(engine.Stop(run.RunId, RunStatus.Paused));
        await CoordinatorHarness.WaitForAsync(app, state => state.Status == RunStatus.Paused, Cancellation);
        Assert.Equal(NoComparisonReason.Paused, (await lead.NextComparisonAsync(new NextComparisonRequest(), cancellationToken: Cancellation)).None);

        while (!await engine.ResumeAsync(run.RunId, Cancellation))
        {
            await Task.Yield(); // the engine is still letting go of the run
        }

        await CoordinatorHarness.WaitForAsync(app, state => state.Status == RunStatus.Running, Cancellation);
        await WaitForPeopleAsync(app);
        var ended = await lead.FinishLabellingAsync(new FinishLabellingRequest(), cancellationToken: Cancellation);
        Assert.Equal((V1.LabellingState.Ended, 4, 20), (ended.State, ended.Done, ended.Wanted));

        var end = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);
        Assert.Null(end.Error);
        Assert.Equal((4, 4, "ended by lead at 4 of 20"), (end.Stages[1].Done, end.Stages[1].Wanted, end.Stages[1].Detail));
    }

    [Fact]
    public async Task In_a_mixed_run_the_judge_compares_harmful_prompts_and_people_the_others()
    {
        await using var harness = await HarnessAsync("by: mixed\n    labels: 10\n    comparisons: 15", prompts: 20);
        var (app, services) = await harness.StartCoordinatorAsync(null, Cancellation);
        await WaitForPeopleAsync(app);
        Assert.Equal(10, await LabelAsync(CoordinatorHarness.Feedback(app, harness.LeadToken)));

        var run = await CoordinatorHarness.WaitForEndAsync(app, Cancellation);
        Assert.Null(run.Error);
        Assert.Equal((25, 25), (run.Stages[1].Done, run.Stages[1].Wanted));
        await using var ledger = CoordinatorHarness.Ledger(app);
        var comparisons = await ledger.Comparisons.ToListAsync(Cancellation);
        Assert.Equal(10, comparisons.Count(row => row.LabellerId == "lead" && row.PromptId.StartsWith("good", StringComparison.Ordinal)));
        Assert.Equal(15, comparisons.Count(row => row.LabellerId is null && row.Stage == "preferences" && row.JudgeVersion == "base" && row.PromptId.StartsWith("bad", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Calls_without_a_token_with_too_low_a_role_or_with_bad_input_are_refused()
    {
        await using var harness = await HarnessAsync("by: people\n    labels: 20", prompts: 40);
        var (app, _) = await harness.StartCoordinatorAsync(null, Cancellation);
        await WaitForPeopleAsync(app);
        var lead = CoordinatorHarness.Feedback(app, harness.LeadToken);
        var anna = CoordinatorHarness.Feedback(app, await RegisterAsync(lead, "anna"));
        var ben = CoordinatorHarness.Feedback(app, await RegisterAsync(lead, "ben"));
        var viewer = CoordinatorHarness.Feedback(app, await RegisterAsync(lead, "vera", LabellerRole.Viewer));
        var lease = (await anna.NextComparisonAsync(new NextComparisonRequest(), cancellationToken: Cancellation)).Lease;
        SubmitPreferenceRequest Label(Action<SubmitPreferenceRequest> change)
        {
            var label = new SubmitPreferenceRequest { LeaseId = lease.LeaseId, Verdict = PreferenceVerdict.First, Strength = 1 };
            change(label);
            return label;
        }

        await RefusesAsync(StatusCode.Unauthenticated, () => CoordinatorHarness.Feedback(app, null).NextComparisonAsync(new()));
        await RefusesAsync(StatusCode.Unauthenticated, () => CoordinatorHarness.Feedback(app, "guess").GetProgressAsync(new()));
        await RefusesAsync(StatusCode.Unauthenticated, () => CoordinatorHarness.Feedback(app, null).RedeemInviteAsync(new() { Code = "guess" }));
        await RefusesAsync(StatusCode.PermissionDenied, () => viewer.NextComparisonAsync(new()));
        await RefusesAsync(StatusCode.PermissionDenied, () => anna.FinishLabellingAsync(new()));
        await RefusesAsync(StatusCode.PermissionDenied, () => anna.InviteLabellerAsync(new() { Name = "cleo", Role = LabellerRole.Lead }));
        await RefusesAsync(StatusCode.PermissionDenied, () => anna.ListLabellersAsync(new()));
        await RefusesAsync(StatusCode.PermissionDenied, () => ben.SubmitPreferenceAsync(Label(static _ => { })));
        await RefusesAsync(StatusCode.NotFound, () => anna.SubmitPreferenceAsync(Label(static label => label.LeaseId = "unknown")));
        await RefusesAsync(StatusCode.NotFound, () => anna.NextComparisonAsync(new() { RunId = "unknown" }));
        await RefusesAsync(StatusCode.NotFound, () => anna.GetProgressAsync(new() { RunId = "unknown" }));
        await RefusesAsync(StatusCode.FailedPrecondition, () => anna.UndoPreferenceAsync(new() { LeaseId = lease.LeaseId }));
        await RefusesAsync(StatusCode.InvalidArgument, () => anna.SubmitPreferenceAsync(Label(static label => label.Verdict = PreferenceVerdict.Unspecified)));
        await RefusesAsync(StatusCode.InvalidArgument, () => anna.SubmitPreferenceAsync(Label(static label => label.Strength = 9)));
        await RefusesAsync(StatusCode.InvalidArgument, () => anna.SubmitPreferenceAsync(Label(static label => label.Reason = new string('x', 2001))));
        await RefusesAsync(StatusCode.InvalidArgument, () => anna.SubmitPreferenceAsync(Label(static label => label.LeaseId = new string('x', 5000))));
        await RefusesAsync(StatusCode.InvalidArgument, () => lead.InviteLabellerAsync(new() { Name = "A B", Role = LabellerRole.Labeller }));
        await RefusesAsync(StatusCode.InvalidArgument, () => lead.InviteLabellerAsync(new() { Name = "cleo" }));
        await RefusesAsync(StatusCode.AlreadyExists, () => lead.InviteLabellerAsync(new() { Name = "anna", Role = LabellerRole.Labeller }));

        Assert.True((await anna.SubmitPreferenceAsync(Label(static _ => { }), cancellationToken: Cancellation)).Counted);
        Assert.True((await anna.SubmitPreferenceAsync(Label(static _ => { }), cancellationToken: Cancellation)).RecordedBefore);
        Assert.Equal(1, (await viewer.GetProgressAsync(new(), cancellationToken: Cancellation)).Done);
        Assert.Contains("Both bad", (await anna.GetGuidelinesAsync(new(), cancellationToken: Cancellation)).Text);
        await lead.RevokeLabellerAsync(new() { Name = "anna" }, cancellationToken: Cancellation);
        await RefusesAsync(StatusCode.Unauthenticated, () => anna.NextComparisonAsync(new()));

        var invitation = await lead.InviteLabellerAsync(new() { Name = "dora", Role = LabellerRole.Labeller }, cancellationToken: Cancellation);
        var session = await CoordinatorHarness.Feedback(app, null).RedeemInviteAsync(new() { Code = invitation.Code }, cancellationToken: Cancellation);
        var dora = CoordinatorHarness.Feedback(app, session.Secret);
        var own = (await dora.NextComparisonAsync(new NextComparisonRequest(), cancellationToken: Cancellation)).Lease;
        await dora.SubmitPreferenceAsync(new SubmitPreferenceRequest { LeaseId = own.LeaseId, Verdict = PreferenceVerdict.Tie }, cancellationToken: Cancellation);
        await using var ledger = CoordinatorHarness.Ledger(app);
        Assert.False((await ledger.Labels.SingleAsync(label => label.LabellerId == "dora", Cancellation)).IsProgram);
        app.Services.GetRequiredService<RunEngine>().Stop(app.Services.GetRequiredService<RunBoard>().StartedByItself ?? "", RunStatus.Cancelled);

        static async Task RefusesAsync<T>(StatusCode code, Func<AsyncUnaryCall<T>> call)
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await call());
            Assert.Equal(code, refused.StatusCode);
        }
    }
}
