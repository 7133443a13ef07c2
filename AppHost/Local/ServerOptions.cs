using Rlhf.BackingServers;

namespace Rlhf.AppHost.Local;

/// <summary>How the runner starts a server of its own.</summary>
internal static class ServerOptions
{
    /// <summary>A server whose files begin empty: queues and cached entries of an earlier start belong to work that is asked for anew.</summary>
    public static BackingServerOptions For(string name, ChildOutputs outputs)
    {
        var folder = Path.Combine(outputs.Options.ServersPath, name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        return new BackingServerOptions { DataFolder = folder, Progress = new TerminalProgress(name), OnOutput = outputs.Open(name).WriteQuietly };
    }
}
