using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Rlhf.LanguageModels.Sampling;

namespace Rlhf.Generator.Engine;

/// <summary>One thread that owns the models. Each version has a batch that runs on; requests join it and leave it between two tokens.</summary>
internal sealed partial class GenerationEngine(LoadedVersions versions, GeneratorMetrics metrics, ILogger<GenerationEngine> logger) : IHostedService, IDisposable
{
    private readonly BlockingCollection<GenerationWork> _arrivals = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Queue<GenerationWork> _waiting = new();
    private readonly List<GenerationWork> _working = [];
    private Thread? _thread;

    /// <summary>Draws a response for each request. The caller has checked settings and lengths.</summary>
    /// <exception cref="RequestTooLargeException">A response would never fit the memory for keys and values.</exception>
    public Task<IReadOnlyList<SampledSequence>> SampleAsync(VersionFiles version, IReadOnlyList<SampleRequest> requests, CancellationToken cancellationToken)
    {
        var work = new SamplingWork(version, requests, cancellationToken);
        Enqueue(work);
        return work.Completion.WaitAsync(cancellationToken);
    }

    /// <summary>Draws a response for each request, and gives the tokens as they are drawn. The caller has checked settings and lengths.</summary>
    /// <exception cref="RequestTooLargeException">A response would never fit the memory for keys and values.</exception>
    public async IAsyncEnumerable<StreamedToken> StreamAsync(
        VersionFiles version, IReadOnlyList<SampleRequest> requests, int alternatives, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A reader that stops early frees its places too.
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = new StreamingWork(version, requests, alternatives, gone.Token);
        Enqueue(work);
        try
        {
            await foreach (var token in work.Tokens.ReadAllAsync(cancellationToken))
            {
                yield return token;
            }
        }
        finally
        {
            await gone.CancelAsync();
        }
    }

    /// <summary>Scores a continuation: the natural log-probability of each token. The caller has checked the lengths.</summary>
    /// <exception cref="RequestTooLargeException">It would never fit the memory for keys and values.</exception>
    public Task<float[]> ScoreAsync(VersionFiles version, ScoringRequest request, double temperature, CancellationToken cancellationToken)
    {
        var work = new ScoringWork(version, request, temperature, cancellationToken);
        Enqueue(work);
        return work.Completion.WaitAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Run) { Name = "generation engine", IsBackground = true };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Stop();
        return Task.CompletedTask;
    }

    /// <summary>Ends the thread also where nobody stopped the host before: the models that it works with are freed next.</summary>
    public void Dispose()
    {
        Stop();
        _arrivals.Dispose();
        _stopping.Dispose();
    }

    // More than once: the container frees what it knows under two names twice.
    private void Stop()
    {
        if (!_stopping.IsCancellationRequested)
        {
            _arrivals.CompleteAdding();
            _stopping.Cancel();
            _thread?.Join();
        }
    }

    private void Enqueue(GenerationWork work)
    {
        try
        {
            _arrivals.Add(work);
        }
        catch (InvalidOperationException) when (_arrivals.IsAddingCompleted)
        {
            throw new OperationCanceledException("The service is stopping.");
        }
    }

    private void Run()
    {
        while (!_stopping.IsCancellationRequested)
        {
            Receive();
            Begin();
            Step();
            metrics.InWork(_waiting.Count + _working.Count);
        }

        while (_arrivals.TryTake(out var work))
        {
            _waiting.Enqueue(work);
        }

        Fail(_working.Concat(_waiting), new OperationCanceledException("The service is stopping."));
    }

    // Waits only while there is nothing to do.
    private void Receive()
    {
        try
        {
            var patience = _waiting.Count + _working.Count == 0 ? Timeout.Infinite : 0;
            while (_arrivals.TryTake(out var work, patience, _stopping.Token))
            {
                _waiting.Enqueue(work);
                patience = 0;
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; the loop sees it.
        }
    }

    // In the order of arrival. Where all loaded versions are at work and there is no room for another one, everybody waits, so that
    // one of them runs dry.
    private void Begin()
    {
        while (_waiting.TryPeek(out var work))
        {
            if (work.IsCancelled)
            {
                _waiting.Dequeue();
                work.Dispose();
                continue;
            }

            if (!TryGet(work.Version, out var version))
            {
                return;
            }

            if (version is not null)
            {
                _waiting.Dequeue();
                _working.Add(work);
                TryBegin(work, version);
            }
        }
    }

    /// <returns>False where the version must wait; true and null where it can't be loaded, and those who want it know.</returns>
    private bool TryGet(VersionFiles files, out LoadedVersion? version)
    {
        version = null;
        try
        {
            return versions.TryGet(files, out version);
        }
        catch (Exception exception) when (IsExpected(exception))
        {
            LogLoadFailed(logger, exception, files.VersionId);
            var (failed, left) = (_waiting.Where(work => work.Version == files).ToList(), _waiting.Where(work => work.Version != files).ToList());
            Fail(failed, exception);
            failed.ForEach(work => work.Dispose());
            _waiting.Clear();
            left.ForEach(_waiting.Enqueue);
            return true;
        }
    }

    private static void TryBegin(GenerationWork work, LoadedVersion version)
    {
        try
        {
            work.Begin(version.Batch);
        }
        catch (ArgumentException exception)
        {
            work.Fail(exception);
        }
    }

    private void Step()
    {
        foreach (var (versionId, version) in versions.AtWork())
        {
            var since = Stopwatch.GetTimestamp();
            try
            {
                metrics.Stepped(version.Batch.Step(), Stopwatch.GetElapsedTime(since));
            }
            catch (Exception exception) when (IsExpected(exception) || exception is InvalidOperationException)
            {
                // Each caller gets the failure, and the engine goes on.
                LogStepFailed(logger, exception, versionId);
                version.Batch.Clear();
                Fail(_working.Where(work => work.Version.VersionId == versionId), exception);
            }
        }

        _working.RemoveAll(work =>
        {
            var isDone = work.IsDone;
            if (isDone)
            {
                work.Dispose();
            }

            return isDone;
        });
    }

    private static void Fail(IEnumerable<GenerationWork> failed, Exception exception)
    {
        foreach (var work in failed)
        {
            work.Fail(exception);
        }
    }

    private static bool IsExpected(Exception exception) =>
        exception is InvalidDataException or ArgumentException or IOException or ExternalException;

    [LoggerMessage(Level = LogLevel.Error, Message = "Version {VersionId} can't be loaded")]
    private static partial void LogLoadFailed(ILogger logger, Exception exception, string versionId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A step of version {VersionId} failed")]
    private static partial void LogStepFailed(ILogger logger, Exception exception, string versionId);
}
