using System.Diagnostics;
using System.Globalization;
using Rlhf.BackingServers.Packages;
using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers;

/// <summary>The files of a PostgreSQL: a database cluster and, beside it, its password.</summary>
internal sealed class PostgreSqlCluster
{
    private readonly PostgreSqlInstallation _installation;
    private readonly UnprivilegedUser? _user;
    private readonly string _folder;

    private PostgreSqlCluster(PostgreSqlInstallation installation, UnprivilegedUser? user, string folder, string password)
        => (_installation, _user, _folder, Password) = (installation, user, folder, password);

    /// <summary>The password of <see cref="PostgreSqlServer.UserName"/>.</summary>
    public string Password { get; }

    private string DataFolder => Path.Combine(_folder, "cluster");

    private string PasswordFile => Path.Combine(_folder, "password");

    /// <summary>Opens the cluster in a folder, or makes one in an empty folder.</summary>
    /// <exception cref="BackingServerException">It can't be made here, or has another password.</exception>
    public static async Task<PostgreSqlCluster> OpenAsync(
        PostgreSqlInstallation installation, string folder, string? password, CancellationToken cancellationToken)
    {
        var user = UnprivilegedUser.Needed("PostgreSQL");
        if (user is not null && !UnprivilegedUser.LetPass(folder))
        {
            throw new BackingServerException(
                $"PostgreSQL refuses to run as root, and other users can't reach {folder}: start this as an ordinary user, choose a data folder that others may pass through, or set ConnectionStrings__ledger.");
        }

        var passwordFile = Path.Combine(folder, "password");
        var known = File.Exists(passwordFile) ? await File.ReadAllTextAsync(passwordFile, cancellationToken) : null;
        if (known is not null && password is not null && known != password)
        {
            throw new BackingServerException($"The PostgreSQL in {folder} was made with another password, which is in {passwordFile}.");
        }

        var cluster = new PostgreSqlCluster(installation, user, folder, known ?? password ?? Secrets.Create());
        if (known is null)
        {
            await cluster.CreateAsync(cancellationToken);
        }

        return cluster;
    }

    /// <summary>Starts the server.</summary>
    public ChildProcess Start(int port, bool isTemporary, Action<string>? onOutput)
    {
        var start = As(_installation.Start(
            "postgres",
            "-D", DataFolder,
            "-p", port.ToString(CultureInfo.InvariantCulture),
            "-c", $"listen_addresses={PostgreSqlServer.Host}",
            "-c", "unix_socket_directories=",
            "-c", "max_connections=200",
            "-c", "timezone=GMT", "-c", "log_timezone=GMT", // the one zone that needs no file
            "-c", "jit=off", // its library is the largest part of the package
                             // What goes with the process need not survive the machine.
            "-c", isTemporary ? "fsync=off" : "fsync=on"));
        return ChildProcess.Start(start, (line, _) => onOutput?.Invoke(line));
    }

    /// <summary>Whether the server of that process takes connections: what pg_ctl waits for, too.</summary>
    public async Task<bool> IsReadyAsync(int processId, CancellationToken cancellationToken)
    {
        const int StatusLine = 7;
        try
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(DataFolder, "postmaster.pid"), cancellationToken);
            return lines.Length > StatusLine
                && lines[0] == processId.ToString(CultureInfo.InvariantCulture)
                && lines[StatusLine].TrimEnd() == "ready";
        }
        catch (FileNotFoundException)
        {
            return false; // not there yet: the caller asks again
        }
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        // The password's file under its own name says that the cluster is whole; what an interrupted start left is no cluster.
        if (Directory.Exists(DataFolder))
        {
            Directory.Delete(DataFolder, recursive: true);
        }

        Directory.CreateDirectory(DataFolder);
        var newPassword = PasswordFile + ".new";
        Secrets.WriteFile(newPassword, Password);
        if (_user is not null)
        {
            await _user.OwnAsync(DataFolder, cancellationToken);
            await _user.OwnAsync(newPassword, cancellationToken);
        }

        // Text compares by code point, as ordinal strings do.
        var (exitCode, output) = await Tool.RunAsync(
            As(_installation.Start(
                "initdb", "-D", DataFolder, "-U", PostgreSqlServer.UserName, $"--pwfile={newPassword}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C", "--no-sync")),
            cancellationToken);
        if (exitCode != 0)
        {
            throw new BackingServerException($"PostgreSQL's files could not be made in {DataFolder}: {output.ReplaceLineEndings(" ").Trim()}");
        }

        File.Move(newPassword, PasswordFile);
    }

    private ProcessStartInfo As(ProcessStartInfo start)
    {
        start.WorkingDirectory = _folder;
        return _user is null ? start : _user.Start(start);
    }
}
