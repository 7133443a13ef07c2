using System.Text.Json;
using Rlhf.Learner.Checkpoints;
using TorchSharp.Modules;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// What a PPO job goes on from to the bit: after each step the adapter, the value head, beta, the optimizer's moments and what was
/// reported; before each update the rollouts that were collected for it. From two neighbouring steps one can be recomputed.
/// </summary>
internal sealed class TrainingState(JobCheckpoints checkpoints)
{
    /// <summary>The file of a step that tells what was reported, times among it.</summary>
    public const string ProgressName = "progress.json";

    private const string RolloutsName = "rollouts.json";

    /// <summary>The newest step that can be gone on from; null where there is none.</summary>
    public Checkpoint? Newest() => checkpoints.Steps.Newest();

    /// <summary>A step's state, or null where it is not kept, or not whole.</summary>
    public Checkpoint? Find(long step) => checkpoints.Steps.Find(step);

    /// <summary>Keeps the state after a number of updates of the sampling policy. A failure is logged, and training goes on.</summary>
    /// <param name="step">How many.</param>
    /// <param name="savePolicy">Writes the policy into a folder.</param>
    /// <param name="optimizer">Its optimizer.</param>
    /// <param name="progress">What has been reported.</param>
    public void Save(long step, Action<string> savePolicy, AdamW optimizer, PpoProgress progress) =>
        checkpoints.Steps.TrySave(step, folder => Write(folder, savePolicy, optimizer, progress));

    /// <summary>Keeps a step's rollouts. A failure is logged, and training goes on.</summary>
    /// <returns>Whether they are kept.</returns>
    public bool SaveRollouts(long step, CollectedStep collected) => checkpoints.Rollouts.TrySave(
        step, folder => File.WriteAllBytes(Path.Combine(folder, RolloutsName), JsonSerializer.SerializeToUtf8Bytes(collected)));

    /// <summary>A step's rollouts, or null where they are not kept, or not whole.</summary>
    /// <exception cref="InvalidDataException">They are malformed.</exception>
    public CollectedStep? RolloutsOf(long step) => checkpoints.Rollouts.Find(step) is { } kept ? Read<CollectedStep>(kept, RolloutsName) : null;

    /// <summary>What had been reported by then.</summary>
    /// <exception cref="InvalidDataException">It is missing or malformed.</exception>
    public static PpoProgress ProgressOf(Checkpoint step) => Read<PpoProgress>(step, ProgressName);

    /// <summary>Writes a step's state into a folder.</summary>
    /// <exception cref="IOException">The folder can't be written.</exception>
    public static void Write(string folder, Action<string> savePolicy, AdamW optimizer, PpoProgress progress)
    {
        savePolicy(folder);
        OptimizerMoments.Save(optimizer, folder);
        File.WriteAllBytes(Path.Combine(folder, ProgressName), JsonSerializer.SerializeToUtf8Bytes(progress));
    }

    private static T Read<T>(Checkpoint checkpoint, string name)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(checkpoint.PathOf(name)))
                ?? throw new InvalidDataException($"{name} of {checkpoint.Folder} is empty.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{name} of {checkpoint.Folder} can't be read: {exception.Message}", exception);
        }
    }
}
