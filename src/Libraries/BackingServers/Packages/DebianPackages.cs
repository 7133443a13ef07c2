using System.Diagnostics;
using System.Runtime.InteropServices;
using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers.Packages;

/// <summary>
/// Programs out of Debian packages, unpacked into the user's cache: nothing is installed, and no root is needed. Instances that
/// start at once share one download.
/// </summary>
internal static class DebianPackages
{
    /// <summary>The folder of the packages' own files, unpacked now or earlier.</summary>
    /// <param name="name">What people call it, for messages and for the folder's name.</param>
    /// <param name="packages">The packages, dependencies that every system has left out.</param>
    /// <param name="remedy">What the user can do when it fails.</param>
    /// <param name="options">Where the cache is, and who is told.</param>
    /// <param name="cancellationToken">Stops a download; nothing half-done stays.</param>
    /// <exception cref="BackingServerException">This machine has no apt, or no package source answers.</exception>
    public static async Task<string> UnpackAsync(
        string name, string[] packages, string remedy, BackingServerOptions options, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.CacheFolder, $"{name.ToLowerInvariant()}-{RuntimeInformation.OSArchitecture}".ToLowerInvariant());
        if (Directory.Exists(folder))
        {
            return folder;
        }

        if (SearchPath.Find("apt-get") is null || SearchPath.Find("dpkg") is null)
        {
            throw new BackingServerException($"{name} is not installed, and this system has no apt-get to fetch it with. {remedy}");
        }

        Directory.CreateDirectory(options.CacheFolder);
        await using var held = await FileLock.WaitAsync(folder + ".lock", $"waiting for another instance that is fetching {name}", options.Progress, cancellationToken);
        if (Directory.Exists(folder))
        {
            return folder; // the instance we waited for did it
        }

        var work = Directory.CreateDirectory(folder + ".partial");
        work.Delete(recursive: true); // of an instance that was killed
        work.Create();
        try
        {
            var downloads = work.CreateSubdirectory("downloads").FullName;
            var files = work.CreateSubdirectory("files").FullName;
            await new AptDownload(name, packages, remedy, options).RunAsync(downloads, cancellationToken);
            options.Progress?.Report($"unpacking {name} into {folder}");
            foreach (var package in Directory.GetFiles(downloads, "*.deb"))
            {
                var (exitCode, output) = await Tool.RunAsync(new ProcessStartInfo("dpkg", ["-x", package, files]), cancellationToken);
                if (exitCode != 0)
                {
                    throw new BackingServerException($"{name} could not be unpacked: {output.ReplaceLineEndings(" ").Trim()} {remedy}");
                }
            }

            Directory.Move(files, folder);
            return folder;
        }
        finally
        {
            work.Delete(recursive: true);
        }
    }

    /// <summary>Where packages put shared libraries: usr/lib/TRIPLET.</summary>
    public static string LibraryFolder(string folder)
        => Directory.GetDirectories(Path.Combine(folder, "usr/lib"), "*-linux-gnu*").FirstOrDefault() ?? Path.Combine(folder, "usr/lib");
}
