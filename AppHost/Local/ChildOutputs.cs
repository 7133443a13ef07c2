namespace Rlhf.AppHost.Local;

/// <summary>Opens the log of each child.</summary>
internal sealed class ChildOutputs(LocalRunnerOptions options) : IDisposable
{
    private readonly List<ChildOutput> _open = [];

    /// <summary>What the outputs were opened with.</summary>
    public LocalRunnerOptions Options => options;

    /// <summary>A new log file, in place of an older one of that name.</summary>
    public ChildOutput Open(string name)
    {
        Directory.CreateDirectory(options.LogsPath);
        var output = new ChildOutput(name, Path.Combine(options.LogsPath, name + ".log"), options.Verbose);
        lock (_open)
        {
            _open.Add(output);
        }

        return output;
    }

    public void Dispose()
    {
        lock (_open)
        {
            _open.ForEach(static output => output.Dispose());
        }
    }
}
