using System.Diagnostics;

namespace Rlhf.BackingServers.Packages;

/// <summary>Where RabbitMQ and the Erlang that runs it are.</summary>
/// <param name="ErlangRoot">Erlang's folder, the one that holds <c>erts-VERSION</c>.</param>
/// <param name="ServerHome">RabbitMQ's folder, the one that holds <c>plugins</c>.</param>
/// <param name="LibraryFolder">Where unpacked programs find their libraries; null for installed ones.</param>
internal sealed record RabbitMqInstallation(string ErlangRoot, string ServerHome, string? LibraryFolder)
{
    private const string Remedy =
        "Install it (Debian, Ubuntu: apt-get install rabbitmq-server; macOS: brew install rabbitmq), or set ConnectionStrings__messaging to one that runs.";

    private static readonly Version _oldest = new(3, 10);

    // What rabbitmq-server depends on, without the C libraries that every system has.
    private static readonly string[] _packages =
    [
        "rabbitmq-server", "erlang-base", "erlang-asn1", "erlang-crypto", "erlang-public-key", "erlang-mnesia", "erlang-runtime-tools",
        "erlang-ssl", "erlang-eldap", "erlang-inets", "erlang-os-mon", "erlang-parsetools", "erlang-syntax-tools", "erlang-tools",
        "erlang-xmerl", "erlang-ftp", "erlang-tftp",
    ];

    /// <summary>The folder of the Erlang VM's own programs (erlexec, epmd).</summary>
    public string BinFolder => Path.Combine(Directory.GetDirectories(ErlangRoot, "erts-*").Single(), "bin");

    /// <summary>Finds an installed RabbitMQ, or unpacks one.</summary>
    public static async Task<RabbitMqInstallation> FindAsync(BackingServerOptions options, CancellationToken cancellationToken)
    {
        if (options.UseInstalled && FindInstalled() is { } installed)
        {
            var version = VersionOf(installed.ServerHome);
            return version >= _oldest
                ? installed
                : throw new BackingServerException($"{installed.ServerHome} is RabbitMQ {version}; {_oldest} or newer is needed. {Remedy}");
        }

        var folder = await DebianPackages.UnpackAsync("RabbitMQ", _packages, Remedy, options, cancellationToken);
        return new RabbitMqInstallation(
            Path.Combine(folder, "usr/lib/erlang"),
            Directory.GetDirectories(Path.Combine(folder, "usr/lib/rabbitmq/lib"), "rabbitmq_server-*").Single(),
            DebianPackages.LibraryFolder(folder));
    }

    /// <summary>Sets what the programs need to run from where they are.</summary>
    public void Configure(ProcessStartInfo start)
    {
        if (LibraryFolder is not null)
        {
            start.Environment["LD_LIBRARY_PATH"] = LibraryFolder;
        }
    }

    private static RabbitMqInstallation? FindInstalled()
    {
        // .../erlang/bin/erl, and rabbitmq-server in HOME/sbin or beside a lib folder that holds HOME.
        var erlangRoot = Parent(SearchPath.FindTarget("erl"), 2);
        var prefix = Parent(SearchPath.FindTarget("rabbitmq-server"), 2);
        if (erlangRoot is null || prefix is null || Directory.GetDirectories(erlangRoot, "erts-*").Length != 1)
        {
            return null;
        }

        var library = Path.Combine(prefix, "lib");
        var homes = Directory.Exists(library) ? Directory.GetDirectories(library, "rabbitmq_server-*").Append(prefix) : [prefix];
        return homes.FirstOrDefault(static home => Directory.Exists(Path.Combine(home, "plugins"))) is { } home
            ? new RabbitMqInstallation(erlangRoot, home, null)
            : null;
    }

    private static string? Parent(string? path, int levels)
        => levels == 0 || path is null ? path : Parent(Path.GetDirectoryName(path), levels - 1);

    /// <summary>From the folder of RabbitMQ's own plugin: plugins/rabbit-3.10.8.</summary>
    private static Version VersionOf(string serverHome)
    {
        const string Prefix = "rabbit-";
        return Directory.GetFileSystemEntries(Path.Combine(serverHome, "plugins"), Prefix + "*")
            .Select(static entry => Path.GetFileName(entry)[Prefix.Length..].Replace(".ez", "", StringComparison.Ordinal))
            .Select(static text => Version.TryParse(text, out var version) ? version : null)
            .FirstOrDefault(static version => version is not null)
            ?? throw new BackingServerException($"{serverHome} holds no RabbitMQ. {Remedy}");
    }
}
