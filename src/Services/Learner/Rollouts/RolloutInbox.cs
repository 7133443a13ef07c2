using System.Collections.Concurrent;
using Rlhf.Messaging;
using Rlhf.V1;

namespace Rlhf.Learner.Rollouts;

/// <summary>
/// Receives scored rollouts and hands those of the step under way to the training thread. All others (another step's, another
/// run's, late repetitions) are acknowledged and forgotten: their step is over, and the ledger has them.
/// </summary>
internal sealed class RolloutInbox : IMessageHandler<RolloutScored>
{
    private readonly Lock _lock = new();
    private string? _policyVersion;
    private BlockingCollection<RolloutScored>? _arrivals;

    /// <inheritdoc/>
    public Task HandleAsync(RolloutScored message, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_policyVersion is not null && message.Rollout?.PolicyVersion == _policyVersion)
            {
                _arrivals?.Add(message, CancellationToken.None);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>From now on, rollouts of this version arrive; the training thread takes them.</summary>
    /// <param name="policyVersion">The version of this step, which no other step has.</param>
    public BlockingCollection<RolloutScored> Open(string policyVersion)
    {
        lock (_lock)
        {
            _policyVersion = policyVersion;
            return _arrivals = [];
        }
    }

    /// <summary>From now on, nothing arrives.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _policyVersion = null;
            _arrivals?.Dispose();
            _arrivals = null;
        }
    }
}
