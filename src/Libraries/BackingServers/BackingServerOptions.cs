namespace Rlhf.BackingServers;

/// <summary>Where a backing server comes from, keeps its files, and tells what it does.</summary>
public sealed record BackingServerOptions
{
    /// <summary>Where downloaded packages are kept, for all instances of this user. Default: the user's cache folder.</summary>
    public string CacheFolder { get; init; } = DefaultCacheFolder;

    /// <summary>
    /// The server's own files. A folder given here stays when the server stops; null makes a temporary one that goes with it.
    /// </summary>
    public string? DataFolder { get; init; }

    /// <summary>Whether a server that is installed on this machine may be used. False always unpacks packages.</summary>
    public bool UseInstalled { get; init; } = true;

    /// <summary>The port on loopback; 0 finds a free one.</summary>
    public int Port { get; init; }

    /// <summary>The password; null makes a random one.</summary>
    public string? Password { get; init; }

    /// <summary>Told what takes long (downloading, unpacking), in sentences for people.</summary>
    public IProgress<string>? Progress { get; init; }

    /// <summary>Given each line the server writes, from any thread.</summary>
    public Action<string>? OnOutput { get; init; }

    private static string DefaultCacheFolder
    {
        get
        {
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            return Path.Combine(
                Path.IsPathRooted(cache) ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
                "rlhf-services");
        }
    }
}
