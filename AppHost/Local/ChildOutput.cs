using System.Text.RegularExpressions;

namespace Rlhf.AppHost.Local;

/// <summary>What one child writes: all of it to a file, what matters to the terminal, with the child's name before it.</summary>
internal sealed partial class ChildOutput : IDisposable
{
    private readonly string _name;
    private readonly bool _verbose;
    private readonly Lock _lock = new();
    private readonly StreamWriter _file;
    private bool _isClosed;

    public ChildOutput(string name, string path, bool verbose)
    {
        _name = name;
        _verbose = verbose;
        _file = new StreamWriter(path, append: false) { AutoFlush = true };
    }

    /// <summary>A line of a service: warnings and errors are shown, and whatever came on the error stream.</summary>
    public void Write(string line, bool isError)
    {
        WriteFile(line);
        if (_verbose || IsShown(line, isError))
        {
            Terminal.WriteLine($"{_name} | {line}");
        }
    }

    /// <summary>A line of a server that has its own ideas of levels: shown only when everything is.</summary>
    public void WriteQuietly(string line)
    {
        WriteFile(line);
        if (_verbose)
        {
            Terminal.WriteLine($"{_name} | {line}");
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _file.Dispose();
        }
    }

    /// <summary>Whether a line is shown without being asked for. The simple console format has the level first, or after the time.</summary>
    internal static bool IsShown(string line, bool isError)
    {
        var level = LevelPattern().Match(line);
        return level.Success ? level.Groups[1].ValueSpan is "warn" or "fail" or "crit" : isError && !string.IsNullOrWhiteSpace(line);
    }

    private void WriteFile(string line)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                _file.WriteLine(line);
            }
        }
    }

    [GeneratedRegex(@"^(?:\d\d:\d\d:\d\d )?(trce|dbug|info|warn|fail|crit): ")]
    private static partial Regex LevelPattern();
}
