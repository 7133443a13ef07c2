using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Rlhf.BackingServers.Packages;

/// <summary>Where Redis's program is, and what it needs around it.</summary>
/// <param name="Server">The path of redis-server.</param>
/// <param name="LibraryFolder">Where an unpacked program finds its libraries; null for an installed one.</param>
internal sealed partial record RedisInstallation(string Server, string? LibraryFolder)
{
    private const string Remedy =
        "Install it (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), or set ConnectionStrings__cache to one that runs.";

    private static readonly Version _oldest = new(6, 0);

    private static readonly string[] _packages = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1"];

    /// <summary>Finds an installed Redis, or unpacks one.</summary>
    public static async Task<RedisInstallation> FindAsync(BackingServerOptions options, CancellationToken cancellationToken)
    {
        if (options.UseInstalled && SearchPath.Find("redis-server") is { } installed)
        {
            var version = await VersionOfAsync(new RedisInstallation(installed, null), cancellationToken);
            return version >= _oldest
                ? new RedisInstallation(installed, null)
                : throw new BackingServerException($"{installed} is Redis {version}; {_oldest} or newer is needed. {Remedy}");
        }

        var folder = await DebianPackages.UnpackAsync("Redis", _packages, Remedy, options, cancellationToken);
        var unpacked = new RedisInstallation(Path.Combine(folder, "usr/bin/redis-server"), DebianPackages.LibraryFolder(folder));
        await VersionOfAsync(unpacked, cancellationToken);
        return unpacked;
    }

    /// <summary>Sets what the program needs to run from where it is.</summary>
    public void Configure(ProcessStartInfo start)
    {
        if (LibraryFolder is not null)
        {
            start.Environment["LD_LIBRARY_PATH"] = LibraryFolder;
        }
    }

    private static async Task<Version> VersionOfAsync(RedisInstallation installation, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(installation.Server, ["--version"]);
        installation.Configure(start);
        var (_, output) = await Tool.RunAsync(start, cancellationToken);
        var match = VersionPattern().Match(output);
        return match.Success
            ? Version.Parse(match.Groups[1].ValueSpan)
            : throw new BackingServerException($"{installation.Server} does not run ({output.ReplaceLineEndings(" ").Trim()}). {Remedy}");
    }

    [GeneratedRegex(@"v=(\d+\.\d+\.\d+)")]
    private static partial Regex VersionPattern();
}
