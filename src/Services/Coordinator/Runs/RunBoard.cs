using System.Collections.Concurrent;

namespace Rlhf.Coordinator.Runs;

/// <summary>The newest snapshot of every run that was active in this process, for whoever watches.</summary>
internal sealed class RunBoard : ChangeSignal
{
    private readonly ConcurrentDictionary<string, RunSnapshot> _snapshots = new();

    /// <summary>The run that started by itself; null while it has not, or where none does.</summary>
    public string? StartedByItself { get; set; }

    /// <summary>Whether a run starts by itself in this process.</summary>
    public bool StartsByItself { get; set; }

    /// <summary>The newest snapshot of a run; null when it was not active in this process.</summary>
    public RunSnapshot? Find(string runId) => _snapshots.GetValueOrDefault(runId);

    /// <summary>Replaces a run's snapshot.</summary>
    public void Put(RunSnapshot snapshot)
    {
        _snapshots[snapshot.RunId] = snapshot;
        Raise();
    }
}
