using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rlhf.Learner.Rollouts;
using Rlhf.Learner.Training;
using Rlhf.Learner.Versions;

namespace Rlhf.Learner.Ppo;

/// <summary>
/// What a PPO job needs beside its newest published step to go on to the bit: the optimizer's moments, and which prompts were
/// dropped when. Each step's is a folder that appears whole; the two newest are kept, since a step is published after its state.
/// </summary>
internal sealed class TrainingState(DataFolder data, string jobId)
{
    private const string RemovalsName = "removals.json";
    private const int Kept = 2;

    private readonly string _root = Path.Combine(data.Checkpoints, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(jobId)))[..32]);

    /// <summary>Keeps the state after a number of updates.</summary>
    /// <exception cref="IOException">The disk is full, or can't be written; earlier states are still there.</exception>
    public void Save(long step, AdamWOptimizer optimizer, IReadOnlyList<PromptRemoval> removals)
    {
        Directory.CreateDirectory(_root);
        using (var folder = data.CreateTemporary())
        {
            var whole = Directory.CreateDirectory(Path.Combine(folder.Path, "state")).FullName;
            OptimizerMoments.Save(optimizer, whole);
            File.WriteAllText(Path.Combine(whole, RemovalsName), JsonSerializer.Serialize(removals));
            Delete(FolderOf(step)); // of an attempt that ended before it was published
            Directory.Move(whole, FolderOf(step));
        }

        foreach (var old in Directory.EnumerateDirectories(_root).Where(path => long.TryParse(Path.GetFileName(path), out var kept) && kept <= step - Kept))
        {
            Delete(old);
        }
    }

    /// <summary>Gives the optimizer the moments that it had after a number of updates.</summary>
    /// <exception cref="InvalidDataException">They are missing or malformed.</exception>
    public void Restore(long step, AdamWOptimizer optimizer) => OptimizerMoments.Restore(optimizer, FolderOf(step));

    /// <summary>The prompts that were dropped up to then.</summary>
    /// <exception cref="InvalidDataException">The file is missing or malformed.</exception>
    public IReadOnlyList<PromptRemoval> RemovalsUpTo(long step)
    {
        try
        {
            return JsonSerializer.Deserialize<List<PromptRemoval>>(File.ReadAllText(Path.Combine(FolderOf(step), RemovalsName))) ?? [];
        }
        catch (Exception exception) when (exception is JsonException or IOException)
        {
            throw new InvalidDataException(
                $"The training state after step {step} can't be read ({exception.Message}); start the run again, or bring back {_root}.", exception);
        }
    }

    /// <summary>Forgets the job.</summary>
    public void Delete() => Delete(_root);

    private string FolderOf(long step) => Path.Combine(_root, step.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
