using System.Text.Json;
using Grpc.Core;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Reports;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;
using static Rlhf.Coordinator.Tests.PeoplesRun;

namespace Rlhf.Coordinator.Tests;

/// <summary>Runs that wait for people, driven through gRPC.</summary>
[Collection(nameof(CoordinatorHarness))]
public class PeoplesRunTests(BrokerFixture broker)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The ledger's connection string; null for a SQLite file.</summary>
    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    private async Task<CoordinatorHarness> HarnessAsync(string preferences, int prompts) =>
        await PeoplesRun.HarnessAsync(broker, await DatabaseAsync(), preferences, prompts);

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
