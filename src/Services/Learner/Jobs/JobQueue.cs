using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Rlhf.Learner.Versions;
using Rlhf.V1;

namespace Rlhf.Learner.Jobs;

/// <summary>All jobs by their ids, and those that wait, in order. Jobs that succeeded are remembered across restarts.</summary>
internal sealed class JobQueue : IDisposable
{
    private readonly ConcurrentDictionary<string, TrainingJob> _jobs = new(StringComparer.Ordinal);
    private readonly Channel<TrainingJob> _waiting = Channel.CreateUnbounded<TrainingJob>();
    private readonly string _folder;

    /// <summary>Reads the jobs that succeeded earlier.</summary>
    public JobQueue(DataFolder data)
    {
        _folder = data.Jobs;
        foreach (var file in Directory.EnumerateFiles(_folder, "*.json"))
        {
            var job = Job.Parser.ParseJson(File.ReadAllText(file));
            _jobs[job.JobId] = new TrainingJob(job);
        }
    }

    /// <summary>The jobs that wait for the training thread.</summary>
    public ChannelReader<TrainingJob> Waiting => _waiting.Reader;

    /// <summary>A job by its id.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public TrainingJob Get(string jobId) => Find(jobId) ?? throw new KeyNotFoundException($"There is no job '{jobId}' here.");

    /// <summary>A job by its id, or null.</summary>
    public TrainingJob? Find(string jobId) => _jobs.GetValueOrDefault(jobId);

    /// <summary>Adds a job, unless there is one of that id: then that one is returned, unchanged.</summary>
    public TrainingJob Add(string jobId, TrainingJob job)
    {
        var kept = _jobs.GetOrAdd(jobId, job);
        if (ReferenceEquals(kept, job))
        {
            _waiting.Writer.TryWrite(job);
        }
        else
        {
            job.Dispose();
        }

        return kept;
    }

    /// <summary>Writes down a job that succeeded.</summary>
    /// <exception cref="IOException">The file can't be written.</exception>
    public void Remember(Job job) => AtomicFile.Write(_folder, VersionCatalog.FileName(job.JobId), JsonFormatter.Default.Format(job));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var job in _jobs.Values)
        {
            job.Dispose();
        }
    }
}
