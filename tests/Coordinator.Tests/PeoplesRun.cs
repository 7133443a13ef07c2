using Microsoft.AspNetCore.Builder;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;

namespace Rlhf.Coordinator.Tests;

/// <summary>A run that waits for people, and programs that label in their place.</summary>
internal static class PeoplesRun
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Settings of a Coordinator that starts such a run by itself.</summary>
    /// <param name="broker">Its queues.</param>
    /// <param name="database">The ledger's connection string; null for a SQLite file.</param>
    /// <param name="preferences">Options of the stage <c>preferences</c>, as lines of the run's file.</param>
    /// <param name="prompts">How many, half of them harmful.</param>
    public static async Task<CoordinatorHarness> HarnessAsync(BrokerFixture broker, string? database, string preferences, int prompts)
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
        harness.Settings["ConnectionStrings:ledger"] = database;
        harness.Settings["Run:Definition"] = definition;
        harness.Settings["Run:PromptsPath"] = harness.WritePrompts(prompts / 2, prompts / 2);
        return harness;
    }

    public static Task<RunSnapshot> WaitForPeopleAsync(WebApplication app) =>
        CoordinatorHarness.WaitForAsync(app, run => run.Stages.Any(stage => stage.Detail == "waiting for people"), Cancellation);

    /// <summary>Labels until there is nothing more: the answer that is the later one in ordinal order is better.</summary>
    public static async Task<int> LabelAsync(FeedbackService.FeedbackServiceClient client, int most = int.MaxValue, Action<string>? onTaken = null)
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

    public static async Task<string> RegisterAsync(FeedbackService.FeedbackServiceClient lead, string name, LabellerRole role = LabellerRole.Labeller) =>
        (await lead.RegisterProgramAsync(new RegisterProgramRequest { Name = name, Role = role }, cancellationToken: Cancellation)).Secret;
}
