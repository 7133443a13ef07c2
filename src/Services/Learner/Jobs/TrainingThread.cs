using Rlhf.LanguageModels;
using Rlhf.Learner.Checkpoints;
using Rlhf.Learner.Training;
using Rlhf.ServiceDefaults;
using Rlhf.V1;
using static TorchSharp.torch;

namespace Rlhf.Learner.Jobs;

/// <summary>
/// Runs the jobs one after the other on one thread of its own: gradients and dispose scopes of the tensor library belong to a
/// thread, so training code is synchronous and never changes threads.
/// </summary>
internal sealed partial class TrainingThread(
    JobQueue queue, CheckpointFolders checkpoints, TorchOptions torch, IHostApplicationLifetime lifetime, ILogger<TrainingThread> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                Work(stoppingToken);
                ended.SetResult();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                ended.SetResult();
            }
            catch (Exception exception)
            {
                ended.SetException(exception); // the host logs it and stops
            }
        })
        { IsBackground = true, Name = "training" }.Start();
        return ended.Task;
    }

    private void Work(CancellationToken stoppingToken)
    {
        set_num_threads(torch.Threads);
        while (queue.Waiting.WaitToReadAsync(stoppingToken).AsTask().GetAwaiter().GetResult())
        {
            while (queue.Waiting.TryRead(out var job))
            {
                Run(job, stoppingToken);
                FreedMemory.Return();
            }
        }
    }

    private void Run(TrainingJob job, CancellationToken stoppingToken)
    {
        if (job.Method is not { } method || job.Cancellation.IsCancellationRequested)
        {
            return;
        }

        var id = job.Read(0).Job.JobId;
        job.Become(JobState.Running);
        LogStarted(id, method.Name);
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, job.Cancellation);
        try
        {
            using (NewDisposeScope())
            {
                method.Run(job, cancellation.Token);
            }

            var ended = job.Read(0).Job;
            ended.State = JobState.Succeeded;
            queue.Remember(ended);
            checkpoints.Succeed(id);
            job.Become(JobState.Succeeded);
            LogSucceeded(id);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            job.Become(JobState.Cancelled, lifetime.ApplicationStopping.IsCancellationRequested ? "The learner stopped." : "");
            LogCancelled(id);
        }
        catch (Exception exception) when (exception is TrainingException or ArgumentException or InvalidDataException or IOException)
        {
            // Their messages are written for people.
            job.Become(JobState.Failed, exception.Message);
            LogFailed(id, exception.Message);
        }
        catch (Exception exception)
        {
            // One broken job must not take the jobs behind it along.
            job.Become(JobState.Failed, $"{exception.GetType().Name}: {exception.Message}");
            LogBroken(id, exception);
        }
        finally
        {
            job.CloseLog();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId} ({Method}) started")]
    private partial void LogStarted(string jobId, string method);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId} succeeded")]
    private partial void LogSucceeded(string jobId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId} was cancelled")]
    private partial void LogCancelled(string jobId);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId} failed: {Reason}")]
    private partial void LogFailed(string jobId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId} failed in an unforeseen way")]
    private partial void LogBroken(string jobId, Exception exception);
}
