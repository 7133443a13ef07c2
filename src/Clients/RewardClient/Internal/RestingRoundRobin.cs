using System.Collections.Concurrent;
using Grpc.Net.Client.Balancer;
using Microsoft.Extensions.Logging;

namespace Rlhf.Clients.Reward.Internal;

/// <summary>
/// Round robin over the connected replicas that lets one rest where a call could not be sent to it. gRPC's own counts a replica as connected
/// for good when it dies between the connection and its first call: each turn of it then fails, however often a call is tried again.
/// </summary>
/// <param name="rest">For how long a replica gets no calls, if there is another.</param>
internal sealed class RestingRoundRobin(IChannelControlHelper controller, ILoggerFactory loggers, TimeSpan rest) : SubchannelsLoadBalancer(controller, loggers)
{
    /// <summary>Its name in a service configuration.</summary>
    public const string PolicyName = "resting_round_robin";

    private readonly ConcurrentDictionary<Subchannel, long> _restsUntil = new(); // milliseconds of Environment.TickCount64

    protected override SubchannelPicker CreatePicker(IReadOnlyList<Subchannel> readySubchannels) => new Picker(this, readySubchannels);

    /// <summary>Makes one for each channel.</summary>
    public sealed class Factory(TimeSpan rest) : LoadBalancerFactory
    {
        public override string Name => PolicyName;

        public override LoadBalancer Create(LoadBalancerOptions options) => new RestingRoundRobin(options.Controller, options.LoggerFactory, rest);
    }

    private void LetRest(Subchannel replica) => _restsUntil[replica] = Environment.TickCount64 + (long)rest.TotalMilliseconds;

    private bool Rests(Subchannel replica) => _restsUntil.TryGetValue(replica, out var until) && Environment.TickCount64 < until;

    private sealed class Picker(RestingRoundRobin balancer, IReadOnlyList<Subchannel> replicas) : SubchannelPicker
    {
        private int _turn = Random.Shared.Next(replicas.Count); // not all clients begin with the same one

        public override PickResult Pick(PickContext context)
        {
            var turn = (uint)Interlocked.Increment(ref _turn);
            var rested = Enumerable.Range(0, replicas.Count)
                .Select(step => replicas[(int)((turn + (uint)step) % (uint)replicas.Count)])
                .FirstOrDefault(replica => !balancer.Rests(replica));
            var replica = rested ?? replicas[(int)(turn % (uint)replicas.Count)]; // they may be back
            return PickResult.ForSubchannel(replica, new CallTracker(balancer, replica));
        }
    }

    private sealed class CallTracker(RestingRoundRobin balancer, Subchannel replica) : ISubchannelCallTracker
    {
        public void Start()
        {
        }

        public void Complete(CompletionContext context)
        {
            if (context.Error is HttpRequestException)
            {
                balancer.LetRest(replica);
            }
        }
    }
}
