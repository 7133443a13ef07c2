using System.Diagnostics;
using Rlhf.BackingServers.Packages;

namespace Rlhf.BackingServers.Processes;

/// <summary>
/// The user "nobody", as whom root starts a program that refuses to run as root. Nobody else changes users: an ordinary user's
/// programs run as that user.
/// </summary>
internal sealed record UnprivilegedUser
{
    private const string Name = "nobody";

    private readonly string _uid;
    private readonly string _gid;

    private UnprivilegedUser(string uid, string gid) => (_uid, _gid) = (uid, gid);

    /// <summary>The user that a program is to run as; null where this process is not root's, and the program runs as it is.</summary>
    /// <exception cref="BackingServerException">This process is root's, and the system has no such user or no setpriv.</exception>
    public static UnprivilegedUser? Needed(string program)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        var remedy = $"{program} refuses to run as root: start this as an ordinary user.";
        if (SearchPath.Find("setpriv") is null)
        {
            throw new BackingServerException($"There is no setpriv (package util-linux). {remedy}");
        }

        return File.ReadLines("/etc/passwd").Select(static line => line.Split(':')).FirstOrDefault(static fields => fields is [Name, _, _, _, ..]) is { } entry
            ? new UnprivilegedUser(entry[2], entry[3])
            : throw new BackingServerException($"There is no user '{Name}' in /etc/passwd. {remedy}");
    }

    /// <summary>Whether other users may pass through this folder and every folder on the way to it.</summary>
    public static bool CanReach(string folder)
    {
        for (var part = new DirectoryInfo(Path.GetFullPath(folder)); part is not null; part = part.Parent)
        {
            if (part.Exists && !part.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Lets other users pass through this folder; false where they can't reach it all the same.</summary>
    public static bool LetPass(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute);
        }

        return CanReach(folder);
    }

    /// <summary>Gives a folder or file, with all in it, to this user.</summary>
    public async Task OwnAsync(string path, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await Tool.RunAsync(new ProcessStartInfo("chown", ["-R", $"{_uid}:{_gid}", path]), cancellationToken);
        if (exitCode != 0)
        {
            throw new BackingServerException($"{path} can't be given to the user '{Name}': {output.ReplaceLineEndings(" ").Trim()}");
        }
    }

    /// <summary>The same program, started as this user and unable to become another again.</summary>
    public ProcessStartInfo Start(ProcessStartInfo start)
    {
        string[] change = [$"--reuid={_uid}", $"--regid={_gid}", "--clear-groups", "--no-new-privs", "--", start.FileName];
        foreach (var (index, argument) in change.Index())
        {
            start.ArgumentList.Insert(index, argument);
        }

        start.FileName = "setpriv";
        return start;
    }
}
