using System.Diagnostics;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.RuleLabeller;

/// <summary>One labeller: leases pair after pair and says what its rule says, or now and then the opposite.</summary>
internal sealed class LabellingProgram(
    FeedbackService.FeedbackServiceClient client, string name, string token, Func<string, string, int> valueOf, double noise, int seed)
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private readonly Random _random = new(seed);

    /// <summary>Its account.</summary>
    public string Name => name;

    /// <summary>Makes the account of a program, as a lead.</summary>
    public static async Task<LabellingProgram> RegisterAsync(
        FeedbackService.FeedbackServiceClient client, string leadToken, string name, Func<string, string, int> valueOf, double noise, int seed,
        CancellationToken cancellationToken)
    {
        var issued = await client.RegisterProgramAsync(
            new RegisterProgramRequest { Name = name, Role = LabellerRole.Labeller }, Bearer(leadToken), cancellationToken: cancellationToken);
        return new LabellingProgram(client, name, issued.Secret, valueOf, noise, seed);
    }

    /// <summary>Labels until the goal is met; waits where the run isn't there yet or others have the rest.</summary>
    /// <returns>How many labels count.</returns>
    public async Task<int> LabelAsync(CancellationToken cancellationToken)
    {
        for (var counted = 0; ;)
        {
            var next = await client.NextComparisonAsync(new NextComparisonRequest(), Bearer(token), cancellationToken: cancellationToken);
            if (next.Lease is { } lease)
            {
                var submitted = await client.SubmitPreferenceAsync(LabelOf(lease), Bearer(token), cancellationToken: cancellationToken);
                counted += submitted.Counted ? 1 : 0;
            }
            else if (next.None == NoComparisonReason.Ended)
            {
                return counted;
            }
            else
            {
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    private static Metadata Bearer(string secret) => new() { { "authorization", $"Bearer {secret}" } };

    private SubmitPreferenceRequest LabelOf(ComparisonLease lease)
    {
        var clock = Stopwatch.StartNew();
        var request = lease.Conversation.Messages[^1].Content;
        var order = valueOf(request, lease.ResponseFirst).CompareTo(valueOf(request, lease.ResponseSecond));
        order = _random.NextDouble() < noise ? -order : order;
        return new SubmitPreferenceRequest
        {
            LeaseId = lease.LeaseId,
            Verdict = order switch { > 0 => PreferenceVerdict.First, < 0 => PreferenceVerdict.Second, _ => PreferenceVerdict.Tie },
            Strength = order == 0 ? 0 : 3,
            ElapsedMs = clock.ElapsedMilliseconds,
        };
    }
}
