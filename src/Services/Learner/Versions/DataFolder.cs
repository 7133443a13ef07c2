using Rlhf.ServiceDefaults;

namespace Rlhf.Learner.Versions;

/// <summary>The Learner's folder: where everything lies that it writes.</summary>
internal sealed class DataFolder
{
    private readonly string _temporary;

    /// <summary>Makes the folder if it is not there, and clears away what a killed process left half-made.</summary>
    /// <exception cref="StartupException">It can't be made.</exception>
    public DataFolder(DataOptions options)
    {
        Root = Path.GetFullPath(options.Path);
        _temporary = Path.Combine(Root, "temporary");
        try
        {
            if (Directory.Exists(_temporary))
            {
                Directory.Delete(_temporary, recursive: true);
            }

            Directory.CreateDirectory(_temporary);
            Directory.CreateDirectory(Jobs);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Data:Path '{Root}' can't be written: {exception.Message}", exception);
        }
    }

    private DataFolder(string root, string temporary) => (Root, _temporary) = (root, temporary);

    /// <summary>A folder that a running Learner may be using: nothing in it is changed, and temporary files lie elsewhere.</summary>
    public static DataFolder ForReading(string path) =>
        new(Path.GetFullPath(path), Path.Combine(Path.GetTempPath(), $"rlhf-learner-{Guid.NewGuid():N}"));

    /// <summary>Absolute path.</summary>
    public string Root { get; }

    /// <summary>Files by content.</summary>
    public string Artifacts => Path.Combine(Root, "artifacts");

    /// <summary>What was published.</summary>
    public string Versions => Path.Combine(Root, "versions");

    /// <summary>States that jobs under way go on from.</summary>
    public string Checkpoints => Path.Combine(Root, "checkpoints");

    /// <summary>Logs of the jobs' steps.</summary>
    public string Steps => Path.Combine(Root, "steps");

    /// <summary>Jobs that succeeded.</summary>
    public string Jobs => Path.Combine(Root, "jobs");

    /// <summary>A new folder that is deleted when it is disposed.</summary>
    public TemporaryFolder CreateTemporary() => new(Path.Combine(_temporary, Guid.NewGuid().ToString("N")));
}
