using System.Globalization;
using Rlhf.BackingServers.Packages;
using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers;

/// <summary>
/// A PostgreSQL of our own on loopback, with a password, that ends with this process. A folder that the caller chose keeps the
/// databases for the next start, its password with them.
/// </summary>
public sealed class PostgreSqlServer : IAsyncDisposable
{
    /// <summary>The only user.</summary>
    public const string UserName = "rlhf";

    private static readonly TimeSpan _stopGrace = TimeSpan.FromSeconds(10);

    private readonly ChildProcess _process;
    private readonly DataFolder _data;

    private PostgreSqlServer(ChildProcess process, DataFolder data, int port, string password)
    {
        _process = process;
        _data = data;
        Port = port;
        Password = password;
    }

    /// <summary>The address it listens on.</summary>
    public static string Host => "127.0.0.1";

    /// <summary>The port on loopback.</summary>
    public int Port { get; }

    /// <summary>The password of <see cref="UserName"/>.</summary>
    public string Password { get; }

    /// <summary>The server's process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Completes with the exit code when the server has ended.</summary>
    public Task<int> Exited => _process.Exited;

    /// <summary>Starts PostgreSQL from PATH or /usr/lib/postgresql, or else from packages unpacked into a cache, and waits until it answers.</summary>
    /// <exception cref="BackingServerException">There is no PostgreSQL to be had, or it does not start.</exception>
    public static async Task<PostgreSqlServer> StartAsync(BackingServerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var installation = await PostgreSqlInstallation.FindAsync(options, cancellationToken);
        var data = new DataFolder(options.DataFolder, "postgresql");
        var (port, processId) = (options.Port, 0);
        try
        {
            var cluster = await PostgreSqlCluster.OpenAsync(installation, data.Path, options.Password, cancellationToken);
            var process = await ServerLauncher.StartAsync(
                "PostgreSQL", () => Launch(cluster), token => cluster.IsReadyAsync(processId, token), canRetry: options.Port == 0, cancellationToken);
            return new PostgreSqlServer(process, data, port, cluster.Password);
        }
        catch
        {
            data.Dispose();
            throw;
        }

        ChildProcess Launch(PostgreSqlCluster cluster)
        {
            port = options.Port != 0 ? options.Port : TcpPorts.FindFree(1)[0];
            var process = cluster.Start(port, isTemporary: options.DataFolder is null, options.OnOutput);
            processId = process.Id;
            return process;
        }
    }

    /// <summary>For Npgsql: <c>Host=127.0.0.1;Port=PORT;Username=rlhf;Password=PASSWORD;Database=DATABASE</c>.</summary>
    /// <param name="database">A database, which need not be there yet: the user may create it.</param>
    public string ConnectionStringOf(string database) => string.Create(
        CultureInfo.InvariantCulture, $"Host={Host};Port={Port};Username={UserName};Password={Password};Database={database}");

    /// <summary>Stops the server in order, its connections closed, and waits for its end.</summary>
    public Task StopAsync() => _process.StopAsync(_stopGrace, Signals.Interrupt); // SIGTERM would wait for every client to leave

    /// <summary>Kills the server, as a crash would end it. What was committed stays in a data folder that the caller chose.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Stops the server and removes its temporary files.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _process.DisposeAsync();
        _data.Dispose();
    }
}
