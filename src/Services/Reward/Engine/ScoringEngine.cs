using System.Diagnostics;
using Rlhf.Reward.Models;

namespace Rlhf.Reward.Engine;

/// <summary>
/// The one thread that runs reward models. What arrives within a short time is scored together, up to a number of tokens; callers
/// take turns, and what belongs to a caller who has gone leaves the queue.
/// </summary>
internal sealed class ScoringEngine : IDisposable
{
    private readonly RewardOptions _options;
    private readonly RewardMetrics _metrics;
    private readonly FairQueue _queue;
    private readonly Thread _thread;

    public ScoringEngine(RewardOptions options, RewardMetrics metrics)
    {
        (_options, _metrics) = (options, metrics);
        _queue = new FairQueue(options.MaxQueuedItems, Math.Min(options.MaxQueuedItems, options.MaxQueuedItemsPerCaller));
        metrics.ObserveQueue(() => QueuedItems);
        _thread = new Thread(Run) { Name = "reward models", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Items that wait for their pass.</summary>
    public int QueuedItems => _queue.Count;

    /// <summary>Refuses a call before anything is computed for it.</summary>
    /// <exception cref="OverCapacityException">Too many items wait already.</exception>
    public void RequireRoom() => _queue.RequireRoom(items: 1);

    /// <summary>Scores sequences, by each of the model's members; a score that isn't a finite number is returned as it is.</summary>
    /// <param name="model">Held in memory by the caller until this has returned.</param>
    /// <param name="sequences">Token ids, each 1 to the model's context length long and within its vocabulary.</param>
    /// <param name="caller">Who shares the engine with others.</param>
    /// <param name="cancellationToken">Takes the sequences out of the queue.</param>
    /// <exception cref="OverCapacityException">Too many items wait already.</exception>
    public async Task<float[][]> ScoreAsync(LoadedRewardModel model, IReadOnlyList<int[]> sequences, string caller, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var work = new ScoringWork(model, sequences, caller);
        _queue.Add(work);
        try
        {
            return await work.Scores.WaitAsync(cancellationToken);
        }
        finally
        {
            if (!work.Scores.IsCompletedSuccessfully)
            {
                _queue.Remove(work);
            }
        }
    }

    /// <summary>Disposes of a model that no call holds any more, after the pass under way: nothing of it is scored afterwards.</summary>
    public void DisposeAfterPass(IDisposable model) => _queue.Leave(model);

    public void Dispose()
    {
        _queue.Close();
        _thread.Join();
    }

    private void Run()
    {
        var batch = new List<(ScoringWork Work, int Index)>();
        while (_queue.Wait())
        {
            while (_queue.TryLeave(out var leaving))
            {
                leaving?.Dispose();
            }
            Collect(batch);
            foreach (var items in batch.Where(item => !item.Work.IsGone).GroupBy(item => item.Work.Model))
            {
                Score(items.Key, [.. items]);
            }
            batch.Clear();
        }
    }

    // An item longer than the budget is a pass of its own.
    private void Collect(List<(ScoringWork Work, int Index)> batch)
    {
        var (tokens, until) = (0, 0L);
        while (tokens < _options.MaxTokensPerBatch
            && _queue.Take(batch.Count == 0 ? int.MaxValue : _options.MaxTokensPerBatch - tokens, until) is { } item)
        {
            if (batch.Count == 0)
            {
                until = item.Work.ArrivedTick + _options.CollectMilliseconds; // what has waited for a pass waits for nobody else
            }
            batch.Add(item);
            tokens += item.Work.Sequences[item.Index].Length;
            _metrics.Waited(Stopwatch.GetElapsedTime(item.Work.Arrived));
        }
    }

    private void Score(LoadedRewardModel model, (ScoringWork Work, int Index)[] items)
    {
        var sequences = items.Select(item => item.Work.Sequences[item.Index]).ToArray();
        var tokens = sequences.Sum(sequence => sequence.Length);
        using var activity = RewardMetrics.Activities.StartActivity(
            "score pass", ActivityKind.Internal, parentContext: default,
            links: items.Select(item => item.Work.Trace).OfType<ActivityContext>().Distinct().Select(trace => new ActivityLink(trace)));
        activity?.SetTag("rlhf.version", model.Version.VersionId).SetTag("rlhf.items", items.Length).SetTag("rlhf.tokens", tokens);
        var started = Stopwatch.GetTimestamp();
        try
        {
            var scores = model.Model.ScoreByMember(sequences);
            _metrics.Passed(items.Length, tokens, (double)tokens / _options.MaxTokensPerBatch, Stopwatch.GetElapsedTime(started));
            foreach (var ((work, index), members) in items.Zip(scores))
            {
                work.Scored(index, members);
            }
        }
        catch (Exception exception) // passed on to every caller; the thread serves the others
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            foreach (var (work, _) in items)
            {
                work.Failed(exception);
            }
        }
    }
}
