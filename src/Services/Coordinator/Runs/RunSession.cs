using Rlhf.ServiceDefaults;

namespace Rlhf.Coordinator.Runs;

/// <summary>
/// Remembers, in a file of the data folder, in which session a run was started by itself, so that it is started once: a Coordinator that
/// takes the place of one that died finds its session there.
/// </summary>
internal sealed class RunSession(CoordinatorRunOptions options, DataOptions data)
{
    /// <summary>Within the data folder.</summary>
    public const string FileName = "run-session";

    private string Path => System.IO.Path.Combine(data.Path, FileName);

    /// <summary>Whether an earlier process belonged to this session, and the run that it had started by itself, if it had come to that.</summary>
    public (bool IsRestart, string? RunId) Read()
    {
        if (options.Session.Length == 0 || !File.Exists(Path))
        {
            return (false, null);
        }

        var parts = File.ReadAllText(Path).Split(' ');
        return parts[0] == options.Session ? (true, parts.ElementAtOrDefault(1)) : (false, null);
    }

    /// <summary>Notes that this session has begun, and the run that started by itself in it.</summary>
    public void Write(string? runId)
    {
        if (options.Session.Length == 0)
        {
            return;
        }

        var draft = Path + ".new";
        File.WriteAllText(draft, runId is null ? options.Session : $"{options.Session} {runId}");
        File.Move(draft, Path, overwrite: true); // whole or not at all
    }
}
