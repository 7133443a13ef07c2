using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers.Packages;

/// <summary>Where PostgreSQL's programs are, and what they need around them.</summary>
/// <param name="BinFolder">The folder of postgres and initdb.</param>
/// <param name="LibraryFolder">Where unpacked programs find their libraries; null for installed ones.</param>
internal sealed partial record PostgreSqlInstallation(string BinFolder, string? LibraryFolder)
{
    private const string Remedy =
        "Install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql), or set ConnectionStrings__ledger to one that runs.";

    /// <summary>Where root's packages go when others can't enter root's own cache: the server runs as another user.</summary>
    private const string SystemCacheFolder = "/var/cache/rlhf-services";

    private static readonly Version _oldest = new(13, 0);

    // Which PostgreSQL a release of Debian or Ubuntu has is in the names of its packages (postgresql-15, libicu72): apt's patterns find
    // what the package "postgresql" stands for, and those of its libraries that not every system has.
    private static readonly string[] _packages =
    [
        "?reverse-depends(?exact-name(postgresql))",
        "?and(?name(\"^lib(pq5|icu|xml2|ldap|lz4|zstd|ssl3|gssapi)\"), ?reverse-depends(?reverse-depends(?exact-name(postgresql))))",
        "libsasl2-2", "libkrb5-3", "libk5crypto3", "libkrb5support0",
    ];

    /// <summary>Finds an installed PostgreSQL, or unpacks one.</summary>
    public static async Task<PostgreSqlInstallation> FindAsync(BackingServerOptions options, CancellationToken cancellationToken)
    {
        if (options.UseInstalled && FindInstalled() is { } installed)
        {
            var version = await installed.VersionAsync(cancellationToken);
            return version >= _oldest
                ? installed
                : throw new BackingServerException($"{installed.BinFolder} has PostgreSQL {version}; {_oldest.Major} or newer is needed. {Remedy}");
        }

        var isReachable = !Environment.IsPrivilegedProcess || UnprivilegedUser.CanReach(options.CacheFolder);
        var folder = await DebianPackages.UnpackAsync(
            "PostgreSQL", _packages, Remedy, isReachable ? options : options with { CacheFolder = SystemCacheFolder }, cancellationToken);
        var unpacked = new PostgreSqlInstallation(
            NewestIn(Path.Combine(folder, "usr/lib/postgresql")) ?? throw new BackingServerException($"{folder} holds no PostgreSQL. {Remedy}"),
            DebianPackages.LibraryFolder(folder));
        await unpacked.VersionAsync(cancellationToken);
        return unpacked;
    }

    /// <summary>One of its programs, about to be started.</summary>
    public ProcessStartInfo Start(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(BinFolder, program), arguments);
        start.Environment["LC_ALL"] = "C"; // messages that can be told apart
        if (LibraryFolder is not null)
        {
            start.Environment["LD_LIBRARY_PATH"] = LibraryFolder;
        }

        return start;
    }

    // Debian keeps the server's own programs off the PATH, a folder a version.
    private static PostgreSqlInstallation? FindInstalled()
        => (SearchPath.FindTarget("postgres") is { } program ? Path.GetDirectoryName(program) : NewestIn("/usr/lib/postgresql")) is { } folder
            ? new PostgreSqlInstallation(folder, null)
            : null;

    private static string? NewestIn(string folder) => !Directory.Exists(folder) ? null : Directory.GetDirectories(folder)
        .Where(static version => File.Exists(Path.Combine(version, "bin", "postgres")))
        .OrderBy(static version => int.TryParse(Path.GetFileName(version), CultureInfo.InvariantCulture, out var number) ? number : 0)
        .Select(static version => Path.Combine(version, "bin"))
        .LastOrDefault();

    private async Task<Version> VersionAsync(CancellationToken cancellationToken)
    {
        var (_, output) = await Tool.RunAsync(Start("postgres", "--version"), cancellationToken);
        var match = VersionPattern().Match(output);
        return match.Success
            ? new Version(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture))
            : throw new BackingServerException($"{BinFolder}/postgres does not run ({output.ReplaceLineEndings(" ").Trim()}). {Remedy}");
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)\.(\d+)")]
    private static partial Regex VersionPattern();
}
