using System.Text.Json;
using System.Text.Json.Nodes;
using Rlhf.Learner.CommandLine.Configuration;
using Rlhf.Learner.Versions;

namespace Rlhf.Learner.CommandLine;

/// <summary>The folder that a training writes to. It takes nothing but its own: a folder with other things in it is refused.</summary>
internal sealed class OutputFolder
{
    private const string RunName = "run.json";
    private const string PartialName = ".partial";

    private OutputFolder(string path, bool isContinued) => (Root, IsContinued) = (path, isContinued);

    /// <summary>Absolute path.</summary>
    public string Root { get; }

    /// <summary>Whether an interrupted training of the same config was here before.</summary>
    public bool IsContinued { get; }

    /// <summary>Makes or takes over the folder.</summary>
    /// <param name="method">"sft", "reward", "ppo" or "dpo".</param>
    /// <param name="config">The training's.</param>
    /// <exception cref="ConfigException">The folder holds something else.</exception>
    /// <exception cref="IOException">It can't be written.</exception>
    public static OutputFolder Open(string method, TrainingConfig config)
    {
        var run = new JsonObject { ["method"] = method, ["config"] = ConfigJson.Of(config) }.ToJsonString(ConfigJson.Options);
        Directory.CreateDirectory(config.Output);
        var runPath = Path.Combine(config.Output, RunName);
        if (Directory.EnumerateFileSystemEntries(config.Output).All(entry => Path.GetFileName(entry) == RunName))
        {
            // Nothing was trained yet: the config may be another one.
            AtomicFile.Write(config.Output, RunName, run);
            return new OutputFolder(config.Output, isContinued: false);
        }

        var complaint =
            File.Exists(Path.Combine(config.Output, TrainingRecord.FileName)) ? "holds a finished training"
            : !File.Exists(runPath) ? "has other things in it"
            : File.ReadAllText(runPath) != run ? "holds an interrupted training of another config"
            : null;
        return complaint is null
            ? new OutputFolder(config.Output, isContinued: true)
            : throw new ConfigException($"The output folder {config.Output} {complaint}; name another under 'output', or remove it.");
    }

    /// <summary>What an interrupted training goes on from; deleted when it is finished.</summary>
    public string Checkpoints => Path.Combine(Root, ".checkpoints");

    /// <summary>Brings files into the folder once all of them are written.</summary>
    /// <param name="save">Writes them into the folder that it is given.</param>
    /// <exception cref="IOException">The disk is full, or can't be written; the folder is as before.</exception>
    public void Save(Action<string> save)
    {
        var partial = Path.Combine(Root, PartialName);
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        using var folder = new TemporaryFolder(partial);
        save(folder.Path);
        foreach (var file in Directory.EnumerateFiles(folder.Path))
        {
            File.Move(file, Path.Combine(Root, Path.GetFileName(file)), overwrite: true);
        }
    }

    /// <summary>Says that the training is finished.</summary>
    /// <exception cref="IOException">The disk is full, or can't be written.</exception>
    public void Finish(TrainingRecord record)
    {
        AtomicFile.Write(Root, TrainingRecord.FileName, JsonSerializer.Serialize(record, ConfigJson.Options));
        if (Directory.Exists(Checkpoints))
        {
            Directory.Delete(Checkpoints, recursive: true);
        }
    }
}
