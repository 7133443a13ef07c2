using System.Collections.Concurrent;
using System.Diagnostics;
using Rlhf.Reward.Models;

namespace Rlhf.Reward.Engine;

/// <summary>
/// The one thread that runs reward models. What arrives within a short time is scored together, up to a number of tokens; items
/// whose caller has gone are left out.
/// </summary>
internal sealed class ScoringEngine : IDisposable
{
    private readonly RewardOptions _options;
    private readonly RewardMetrics _metrics;
    private readonly BlockingCollection<object> _queue = []; // Item, or IDisposable to be disposed of
    private readonly Thread _thread;
    private int _queuedItems;

    public ScoringEngine(RewardOptions options, RewardMetrics metrics)
    {
        (_options, _metrics) = (options, metrics);
        _thread = new Thread(Run) { Name = "reward models", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Scores sequences, by each of the model's members; a score that isn't a finite number is returned as it is.</summary>
    /// <param name="model">Held in memory by the caller until this has been called.</param>
    /// <param name="sequences">Token ids, each 1 to the model's context length long and within its vocabulary.</param>
    /// <param name="cancellationToken">Takes the sequences out of the queue.</param>
    /// <exception cref="OverCapacityException">Too many items wait already.</exception>
    public async Task<float[][]> ScoreAsync(LoadedRewardModel model, IReadOnlyList<int[]> sequences, CancellationToken cancellationToken)
    {
        if (Interlocked.Add(ref _queuedItems, sequences.Count) > _options.MaxQueuedItems)
        {
            Interlocked.Add(ref _queuedItems, -sequences.Count);
            throw new OverCapacityException($"{_options.MaxQueuedItems} items wait already; try again in a moment, or send less at a time.");
        }
        var items = sequences.Select(tokens => new Item(model, tokens, cancellationToken)).ToArray();
        foreach (var item in items)
        {
            _queue.Add(item, CancellationToken.None);
        }
        return await Task.WhenAll(items.Select(item => item.Score.Task)).WaitAsync(cancellationToken);
    }

    /// <summary>Disposes of a model when everything that was queued before has been scored.</summary>
    public void DisposeAfterQueuedWork(IDisposable model) => _queue.Add(model);

    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private void Run()
    {
        var batch = new List<Item>();
        while (_queue.TryTake(out var next, Timeout.Infinite))
        {
            var tokens = 0;
            var collectUntil = Environment.TickCount64 + _options.CollectMilliseconds;
            do
            {
                if (next is not Item item)
                {
                    ScoreAndClear(batch);
                    ((IDisposable)next).Dispose();
                    break;
                }
                Interlocked.Decrement(ref _queuedItems);
                _metrics.Waited(Stopwatch.GetElapsedTime(item.Arrived));
                if (item.CancellationToken.IsCancellationRequested)
                {
                    item.Score.TrySetCanceled(item.CancellationToken);
                    continue;
                }
                batch.Add(item);
                tokens += item.Tokens.Length;
            }
            while (tokens < _options.MaxTokensPerBatch
                && _queue.TryTake(out next, (int)Math.Max(0, collectUntil - Environment.TickCount64)));
            ScoreAndClear(batch);
        }
    }

    private void ScoreAndClear(List<Item> batch)
    {
        foreach (var items in batch.GroupBy(item => item.Model))
        {
            Score(items.Key, [.. items]);
        }
        batch.Clear();
    }

    private void Score(LoadedRewardModel model, Item[] items)
    {
        var tokens = items.Sum(item => item.Tokens.Length);
        using var activity = RewardMetrics.Activities.StartActivity(
            "score pass", ActivityKind.Internal, parentContext: default,
            links: items.Select(item => item.Trace).OfType<ActivityContext>().Distinct().Select(trace => new ActivityLink(trace)));
        activity?.SetTag("rlhf.version", model.Version.VersionId).SetTag("rlhf.items", items.Length).SetTag("rlhf.tokens", tokens);
        var started = Stopwatch.GetTimestamp();
        try
        {
            var scores = model.Model.ScoreByMember([.. items.Select(item => item.Tokens)]);
            _metrics.Passed(items.Length, tokens, Stopwatch.GetElapsedTime(started));
            foreach (var (item, score) in items.Zip(scores))
            {
                item.Score.TrySetResult(score);
            }
        }
        catch (Exception exception) // passed on to every caller; the thread serves the others
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
            foreach (var item in items)
            {
                item.Score.TrySetException(exception);
            }
        }
    }

    private sealed record Item(LoadedRewardModel Model, int[] Tokens, CancellationToken CancellationToken)
    {
        public long Arrived { get; } = Stopwatch.GetTimestamp();

        public ActivityContext? Trace { get; } = Activity.Current?.Context;

        public TaskCompletionSource<float[]> Score { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
