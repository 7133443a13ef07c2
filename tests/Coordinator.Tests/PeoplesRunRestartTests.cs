using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.Coordinator.Ledger;
using Rlhf.Coordinator.Runs;
using Rlhf.V1;
using static Rlhf.Coordinator.Tests.PeoplesRun;

namespace Rlhf.Coordinator.Tests;

/// <summary>Runs that wait for people while their Coordinator stops, dies and starts again.</summary>
[Collection(nameof(CoordinatorHarness))]
public class PeoplesRunRestartTests(BrokerFixture broker)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The ledger's connection string; null for a SQLite file.</summary>
    protected virtual Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);

    private async Task<CoordinatorHarness> HarnessAsync(string preferences, int prompts) =>
        await PeoplesRun.HarnessAsync(broker, await DatabaseAsync(), preferences, prompts);

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
}
