namespace Rlhf.Reward.Models;

/// <summary>Keeps a reward model in memory until disposed: a call finishes on the version it began with.</summary>
internal sealed class ModelLease(LoadedRewardModel model, Action release) : IDisposable
{
    private Action? _release = release;

    public LoadedRewardModel Model { get; } = model;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
