using System.Diagnostics;
using Rlhf.Reward.Models;

namespace Rlhf.Reward.Engine;

/// <summary>Sequences of one call that wait for their scores. What changes is the queue's and the engine's, under the queue's lock or on the engine's thread.</summary>
internal sealed class ScoringWork(LoadedRewardModel model, IReadOnlyList<int[]> sequences, string caller)
{
    private readonly float[][] _scores = new float[sequences.Count][];
    private readonly TaskCompletionSource<float[][]> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _scored;

    public LoadedRewardModel Model { get; } = model;

    public IReadOnlyList<int[]> Sequences { get; } = sequences;

    /// <summary>Whose share it is of.</summary>
    public string Caller { get; } = caller;

    /// <summary>How many sequences have left the queue, from the first on.</summary>
    public int Taken { get; set; }

    /// <summary>Set when the caller has gone: what has not been scored will not be.</summary>
    public bool IsGone { get; set; }

    public long Arrived { get; } = Stopwatch.GetTimestamp();

    public long ArrivedTick { get; } = Environment.TickCount64;

    public ActivityContext? Trace { get; } = Activity.Current?.Context;

    /// <summary>For each sequence, in their order, a score by each member.</summary>
    public Task<float[][]> Scores => _done.Task;

    public void Scored(int index, float[] members)
    {
        _scores[index] = members;
        if (++_scored == _scores.Length)
        {
            _done.TrySetResult(_scores);
        }
    }

    public void Failed(Exception exception) => _done.TrySetException(exception);
}
