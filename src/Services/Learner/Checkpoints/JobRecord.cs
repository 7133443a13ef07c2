using System.Text.Json;
using Rlhf.Learner.Versions;

namespace Rlhf.Learner.Checkpoints;

/// <summary>What a kept job was, so that its steps can be recomputed without whoever asked for it.</summary>
/// <param name="JobId">The job.</param>
/// <param name="RunId">Its run.</param>
/// <param name="Method">"ppo".</param>
/// <param name="Seed">Of everything random.</param>
/// <param name="InitialVersion">The baseline; empty or "base" is the model folder itself.</param>
/// <param name="ModelFolder">The base model.</param>
/// <param name="Settings">The job's options with the defaults filled in.</param>
internal sealed record JobRecord(
    string JobId, string RunId, string Method, ulong Seed, string InitialVersion, string ModelFolder, JsonElement Settings)
{
    private const string FileName = "job.json";

    /// <summary>Writes it into a job's folder, which is made if it is not there.</summary>
    /// <exception cref="IOException">It can't be written.</exception>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(folder, FileName, JsonSerializer.Serialize(this));
    }

    /// <summary>Reads it; null where the folder has none.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public static JobRecord? Find(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<JobRecord>(File.ReadAllText(path)) : null;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path} can't be read: {exception.Message}", exception);
        }
    }
}
