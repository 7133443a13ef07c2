using System.Diagnostics;
using Grpc.Core;
using Rlhf.V1;

namespace Rlhf.RuleLabeller;

/// <summary>One labeller: leases pairs and says what its rule says, or now and then the opposite.</summary>
internal sealed class LabellingProgram
{
    private readonly FeedbackService.FeedbackServiceClient _client;
    private readonly string _token;
    private readonly LabellingHabits _habits;
    private readonly Random _random;
    private SubmitPreferenceRequest _label = new();

    private LabellingProgram(FeedbackService.FeedbackServiceClient client, string name, string token, LabellingHabits habits, int seed) =>
        (_client, Name, _token, _habits, _random) = (client, name, token, habits, new Random(seed));

    /// <summary>Its account.</summary>
    public string Name { get; }

    /// <summary>How many of its labels count.</summary>
    public int Counted { get; private set; }

    /// <summary>Makes the account of a program, as a lead.</summary>
    public static async Task<LabellingProgram> RegisterAsync(
        FeedbackService.FeedbackServiceClient client, string leadToken, string name, LabellingHabits habits, int seed, CancellationToken cancellationToken)
    {
        var issued = await client.RegisterProgramAsync(
            new RegisterProgramRequest { Name = name, Role = LabellerRole.Labeller }, Bearer(leadToken), cancellationToken: cancellationToken);
        return new LabellingProgram(client, name, issued.Secret, habits, seed);
    }

    /// <summary>Labels a pair.</summary>
    /// <returns>Why there was none to label; unspecified where there was one.</returns>
    public async Task<NoComparisonReason> LabelAsync(CancellationToken cancellationToken)
    {
        var next = await _client.NextComparisonAsync(new NextComparisonRequest(), Bearer(_token), cancellationToken: cancellationToken);
        if (next.Lease is not { } lease)
        {
            return next.None;
        }

        // A lease that comes again gets the label that it was to have: no chance is drawn twice.
        _label = _label.LeaseId == lease.LeaseId ? _label : await LabelOfAsync(lease, cancellationToken);
        try
        {
            Counted += (await _client.SubmitPreferenceAsync(_label, Bearer(_token), cancellationToken: cancellationToken)).Counted ? 1 : 0;
            return NoComparisonReason.Unspecified;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.FailedPrecondition)
        {
            return NoComparisonReason.Paused; // or the lease went back: in either case the next one is to be asked for
        }
    }

    private static Metadata Bearer(string secret) => new() { { "authorization", $"Bearer {secret}" } };

    private async Task<SubmitPreferenceRequest> LabelOfAsync(ComparisonLease lease, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var request = lease.Conversation.Messages[^1].Content;
        var order = _habits.ValueOf(request, lease.ResponseFirst).CompareTo(_habits.ValueOf(request, lease.ResponseSecond));
        order = _random.NextDouble() < _habits.Noise ? -order : order;
        await Task.Delay(_habits.Pause, cancellationToken);
        return new SubmitPreferenceRequest
        {
            LeaseId = lease.LeaseId,
            Verdict = order switch { > 0 => PreferenceVerdict.First, < 0 => PreferenceVerdict.Second, _ => PreferenceVerdict.Tie },
            Strength = order == 0 ? 0 : 3,
            ElapsedMs = clock.ElapsedMilliseconds,
        };
    }
}
