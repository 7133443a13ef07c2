using System.Collections.Concurrent;
using System.Diagnostics;
using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator.Engine;

/// <summary>One thread that owns the models. What arrives within a moment runs as one batch for each version.</summary>
internal sealed partial class GenerationEngine(LoadedVersions versions, GeneratorMetrics metrics, ILogger<GenerationEngine> logger) : IHostedService, IDisposable
{
    private const int MaxRows = 512;
    private static readonly TimeSpan _gatheringTime = TimeSpan.FromMilliseconds(3);

    private readonly BlockingCollection<GenerationWork> _queue = [];
    private readonly CancellationTokenSource _stopping = new();
    private Thread? _thread;

    /// <summary>Draws a response for each request. The caller has checked settings and lengths.</summary>
    public Task<IReadOnlyList<SampledSequence>> SampleAsync(VersionFiles version, IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken)
    {
        var work = new SamplingWork(version, requests, cancellationToken);
        Enqueue(work);
        return work.Completion.Task;
    }

    /// <summary>Scores each continuation. The caller has checked the lengths.</summary>
    public Task<IReadOnlyList<float[]>> ScoreAsync(
        VersionFiles version, IReadOnlyList<ScoringRequest> requests, double temperature, CancellationToken cancellationToken)
    {
        var work = new ScoringWork(version, requests, temperature, cancellationToken);
        Enqueue(work);
        return work.Completion.Task;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Run) { Name = "generation engine", IsBackground = true };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.CompleteAdding();
        _stopping.Cancel();
        _thread?.Join();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _queue.Dispose();
        _stopping.Dispose();
    }

    private void Enqueue(GenerationWork work)
    {
        try
        {
            _queue.Add(work, work.CancellationToken);
        }
        catch (InvalidOperationException) when (_queue.IsAddingCompleted)
        {
            throw new OperationCanceledException("The service is stopping.");
        }
    }

    private void Run()
    {
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            var batch = Gather(first);
            foreach (var group in batch.GroupBy(w => w.Version))
            {
                RunVersion(group.Key, [.. group]);
            }
        }
    }

    private List<GenerationWork> Gather(GenerationWork first)
    {
        var batch = new List<GenerationWork> { first };
        var rows = first.Rows;
        var since = Stopwatch.GetTimestamp();
        while (rows < MaxRows)
        {
            var left = _gatheringTime - Stopwatch.GetElapsedTime(since);
            if (!_queue.TryTake(out var next, left > TimeSpan.Zero ? left : TimeSpan.Zero))
            {
                break;
            }

            batch.Add(next);
            rows += next.Rows;
        }

        return batch;
    }

    private void RunVersion(VersionFiles files, List<GenerationWork> batch)
    {
        batch.FindAll(w => w.CancellationToken.IsCancellationRequested).ForEach(w => w.Cancel());
        batch.RemoveAll(w => w.CancellationToken.IsCancellationRequested);
        try
        {
            var version = versions.Get(files);
            Sample(version, [.. batch.OfType<SamplingWork>()]);
            foreach (var group in batch.OfType<ScoringWork>().GroupBy(w => w.Temperature))
            {
                Score(version, [.. group], group.Key);
            }
        }
        catch (OperationCanceledException)
        {
            batch.ForEach(w => w.Fail(new OperationCanceledException("The service is stopping.")));
        }
        catch (Exception exception) when (exception is InvalidDataException or ArgumentException or IOException or System.Runtime.InteropServices.ExternalException)
        {
            // Each caller gets the failure, and the engine goes on with the next batch.
            LogBatchFailed(logger, exception, files.VersionId, batch.Count);
            batch.ForEach(w => w.Fail(exception));
        }
    }

    private void Sample(LoadedVersion version, List<SamplingWork> work)
    {
        if (work.Count == 0)
        {
            return;
        }

        var since = Stopwatch.GetTimestamp();
        var sampled = version.Sampler.Sample([.. work.SelectMany(w => w.Requests)], _stopping.Token);
        metrics.Sampled(sampled, Stopwatch.GetElapsedTime(since));
        var offset = 0;
        foreach (var item in work)
        {
            item.Completion.TrySetResult([.. sampled.Skip(offset).Take(item.Rows)]);
            offset += item.Rows;
        }
    }

    private static void Score(LoadedVersion version, List<ScoringWork> work, double temperature)
    {
        var scored = version.Scorer.Logprobs([.. work.SelectMany(w => w.Requests)], temperature);
        var offset = 0;
        foreach (var item in work)
        {
            item.Completion.TrySetResult([.. scored.Skip(offset).Take(item.Rows)]);
            offset += item.Rows;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A batch of {Count} for version {VersionId} failed")]
    private static partial void LogBatchFailed(ILogger logger, Exception exception, string versionId, int count);
}
