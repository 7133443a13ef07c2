using Rlhf.BackingServers;

namespace Rlhf.AppHost.Local;

/// <summary>How the runner starts a server of its own.</summary>
internal static class ServerOptions
{
    /// <summary>A server whose files begin empty: queues and cached entries of an earlier start belong to work that is asked for anew.</summary>
    public static BackingServerOptions For(string name, ChildOutputs outputs)
    {
        var options = Keeping(name, outputs);
        if (Directory.Exists(options.DataFolder))
        {
            Directory.Delete(options.DataFolder, recursive: true);
        }

        return options;
    }

    /// <summary>A server that goes on with the files of its earlier start.</summary>
    public static BackingServerOptions Keeping(string name, ChildOutputs outputs) => new()
    {
        DataFolder = Path.Combine(outputs.Options.ServersPath, name),
        Progress = new TerminalProgress(name),
        OnOutput = outputs.Open(name).WriteQuietly,
    };
}
