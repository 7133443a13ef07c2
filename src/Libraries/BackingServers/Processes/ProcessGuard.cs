using System.Diagnostics;
using System.Globalization;

namespace Rlhf.BackingServers.Processes;

/// <summary>
/// Ends child processes when this process ends without having done so itself, killed with SIGKILL included. A small shell
/// holds the other end of a pipe: its end of file is this process's death, however that came about. PR_SET_PDEATHSIG would not
/// do: it fires when the thread that started the child ends, and thread-pool threads come and go.
/// </summary>
internal static class ProcessGuard
{
    /// <summary>
    /// Reads "+ TARGET" and "- TARGET" lines. At end of file it asks every target left to stop, and after three seconds kills.
    /// </summary>
    private const string Script = """
        trap '' INT TERM HUP
        targets=" "
        while read -r verb target; do
          case $verb in
            +) targets="$targets$target " ;;
            -) targets="${targets%% $target *} ${targets#* $target }" ;;
          esac
        done
        stop() { for target in $targets; do kill -s "$1" -- "$target" 2>/dev/null; done; }
        left() { for target in $targets; do kill -s 0 -- "$target" 2>/dev/null && return 0; done; return 1; }
        stop TERM
        for second in 1 2 3; do left || exit 0; sleep 1; done
        stop KILL
        """;

    private static readonly Lock _lock = new();
    private static readonly HashSet<int> _targets = [];
    private static Process? _shell;

    /// <summary>From now on the target (a process, or a group when negative) ends with this process.</summary>
    public static void Add(int target)
    {
        lock (_lock)
        {
            _targets.Add(target);
            Tell('+', target);
        }
    }

    /// <summary>The target has ended; its id may belong to somebody else soon.</summary>
    public static void Remove(int target)
    {
        lock (_lock)
        {
            _targets.Remove(target);
            Tell('-', target);
        }
    }

    private static void Tell(char verb, int target)
    {
        if (_shell is { HasExited: false })
        {
            Write(verb, target);
            return;
        }

        _shell?.Dispose();
        _shell = Process.Start(ChildProcess.InOwnSession(new ProcessStartInfo("/bin/sh", ["-c", Script]) { RedirectStandardInput = true }))
            ?? throw new InvalidOperationException("/bin/sh did not start.");
        _shell.StandardInput.AutoFlush = true;
        foreach (var known in _targets)
        {
            Write('+', known);
        }
    }

    private static void Write(char verb, int target)
        => _shell?.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{verb} {target}"));
}
