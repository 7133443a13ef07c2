using System.Diagnostics;
using System.Globalization;

namespace Rlhf.BackingServers.Packages;

/// <summary>Downloads packages with apt-get, with the system's package lists when they will do, else with fresh ones of our own.</summary>
internal sealed class AptDownload(string name, string[] packages, string remedy, BackingServerOptions options)
{
    private const double Megabyte = 1e6;

    // apt's own waits are minutes for each source that does not answer.
    private static readonly string[] _patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20"];

    /// <summary>Downloads every package into a folder.</summary>
    public async Task RunAsync(string folder, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await DownloadAsync([], folder, cancellationToken);
        if (exitCode != 0)
        {
            // No lists, or lists so old that their files are gone. Ours need no root, and leave the system's alone.
            options.Progress?.Report($"reading package lists, to fetch {name}");
            var own = OwnState();
            // One source of several may be out of reach; whether the packages can be had is what counts.
            await AptAsync([.. own, "update"], folder, cancellationToken);
            (exitCode, output) = await DownloadAsync(own, folder, cancellationToken);
        }

        if (exitCode != 0)
        {
            var reason = output.Split('\n').LastOrDefault(static line => line.StartsWith("E: ", StringComparison.Ordinal)) ?? output.Trim();
            throw new BackingServerException($"{name} is not installed and could not be downloaded ({reason}). {remedy}");
        }
    }

    private async Task<(int ExitCode, string Output)> DownloadAsync(string[] state, string folder, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await AptAsync([.. state, "download", "--print-uris", .. packages], folder, cancellationToken);
        if (exitCode != 0)
        {
            return (exitCode, output);
        }

        var download = AptAsync([.. state, "download", .. packages], folder, cancellationToken);
        await ReportAsync(download, folder, TotalBytes(output));
        return await download;
    }

    private async Task ReportAsync(Task download, string folder, long totalBytes)
    {
        while (await Task.WhenAny(download, Task.Delay(TimeSpan.FromSeconds(1))) != download)
        {
            var bytes = new DirectoryInfo(folder).EnumerateFiles("*.deb", SearchOption.AllDirectories).Sum(static file => file.Exists ? file.Length : 0);
            options.Progress?.Report(string.Create(
                CultureInfo.InvariantCulture, $"downloading {name}, for this user only: {bytes / Megabyte:0.0} of {totalBytes / Megabyte:0.0} MB"));
        }
    }

    private static async Task<(int ExitCode, string Output)> AptAsync(string[] arguments, string folder, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("apt-get", [.. _patience, "-o", "APT::Sandbox::User=root", .. arguments]) { WorkingDirectory = folder };
        start.Environment["LC_ALL"] = "C";
        return await Tool.RunAsync(start, cancellationToken);
    }

    private string[] OwnState()
    {
        var state = Directory.CreateDirectory(Path.Combine(options.CacheFolder, "apt", "state")).FullName;
        var cache = Directory.CreateDirectory(Path.Combine(options.CacheFolder, "apt", "cache")).FullName;
        Directory.CreateDirectory(Path.Combine(state, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(cache, "archives", "partial"));
        return ["-o", $"Dir::State={state}", "-o", $"Dir::Cache={cache}", "-o", "Dir::State::status=/var/lib/dpkg/status"];
    }

    /// <summary>Sums the sizes in lines of the form 'address' file size hash.</summary>
    private static long TotalBytes(string printedUris) => printedUris
        .Split('\n')
        .Select(static line => line.Split(' '))
        .Where(static fields => fields is [['\'', ..], _, _, ..])
        .Sum(static fields => long.Parse(fields[2], CultureInfo.InvariantCulture));
}
