using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Rlhf.Testing;

namespace Rlhf.EndToEnd.Tests;

/// <summary>A program of this repository as a user starts it, as a process of its own.</summary>
internal sealed class RunningProgram : IDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private RunningProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>All that it has printed so far.</summary>
    public string Output => string.Join('\n', _output);

    public int Id => _process.Id;

    /// <summary>Starts the AppHost.</summary>
    public static RunningProgram StartAppHost(params string[] arguments) => Start("AppHost", environment: [], arguments);

    /// <summary>Starts a program.</summary>
    /// <param name="project">Its project.</param>
    /// <param name="environment">On top of this process's.</param>
    /// <param name="arguments">Its command line.</param>
    public static RunningProgram Start(string project, Dictionary<string, string> environment, params string[] arguments)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var program = Path.Combine(Fixtures.RepositoryRoot(), "artifacts", "bin", project, configuration, $"Rlhf.{project}.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        return new RunningProgram(Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start."));
    }

    /// <summary>Waits until it has printed a text.</summary>
    public async Task SaysAsync(string text, TimeSpan limit, CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            Assert.False(_process.HasExited, $"The program ended before it said \"{text}\":\n{Output}");
            Assert.True(Stopwatch.GetElapsedTime(since) < limit, $"The program did not say \"{text}\" within {limit}:\n{Output}");
            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndsAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(limit, cancellationToken);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGKILL for the first of its processes that runs an assembly.</summary>
    public void KillChild(string assembly)
    {
        using var victim = Process.GetProcessById(Descendants().First(child => child.Command.Contains(assembly, StringComparison.Ordinal)).Id);
        victim.Kill();
    }

    /// <summary>Ids and command lines of its processes, and of theirs.</summary>
    public IReadOnlyList<(int Id, string Command)> Descendants()
    {
        var parents = Directory.GetDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Select(id => (Id: id, Parent: ParentOf(id)))
            .ToList();
        var found = new HashSet<int> { Id };
        while (parents.Where(p => found.Contains(p.Parent)).Select(p => p.Id).ToList() is var next && next.Exists(found.Add))
        {
            found.UnionWith(next);
        }

        found.Remove(Id);
        return [.. found.Select(id => (id, CommandOf(id)))];
    }

    public static bool IsRunning((int Id, string Command) process) => CommandOf(process.Id) == process.Command && process.Command.Length > 0;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static int ParentOf(int id)
    {
        try
        {
            // "pid (name) state ppid …"; a name may hold spaces and brackets.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it has ended meanwhile
        }
    }

    private static string CommandOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _output.Enqueue(line);
        }
    }
}
