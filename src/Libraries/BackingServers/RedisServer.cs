using System.Diagnostics;
using System.Globalization;
using System.Text;
using Rlhf.BackingServers.Packages;
using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers;

/// <summary>A Redis of our own on loopback, with a password, that ends with this process. It keeps nothing on disk.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan _stopGrace = TimeSpan.FromSeconds(5);

    private readonly ChildProcess _process;
    private readonly DataFolder _data;

    private RedisServer(ChildProcess process, DataFolder data, int port, string password)
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

    /// <summary>The password.</summary>
    public string Password { get; }

    /// <summary>For StackExchange.Redis: <c>127.0.0.1:PORT,password=PASSWORD</c>.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port},password={Password}");

    /// <summary>The server's process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Completes with the exit code when the server has ended.</summary>
    public Task<int> Exited => _process.Exited;

    /// <summary>Starts Redis from PATH, or else from packages unpacked into the user's cache, and waits until it answers.</summary>
    /// <exception cref="BackingServerException">There is no Redis to be had, or it does not start.</exception>
    public static async Task<RedisServer> StartAsync(BackingServerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var program = await RedisInstallation.FindAsync(options, cancellationToken);
        var password = options.Password ?? Secrets.Create();
        var greeting = Encoding.ASCII.GetBytes($"AUTH {password}\r\nPING\r\n");
        var port = options.Port;
        var data = new DataFolder(options.DataFolder, "redis");
        try
        {
            var process = await ServerLauncher.StartAsync("Redis", Launch, Answers, canRetry: options.Port == 0, cancellationToken);
            return new RedisServer(process, data, port, password);
        }
        catch
        {
            data.Dispose();
            throw;
        }

        ChildProcess Launch()
        {
            port = options.Port != 0 ? options.Port : TcpPorts.FindFree(1)[0];
            var configuration = Path.Combine(data.Path, "redis.conf");
            Secrets.WriteFile(configuration, Configuration(port, password, data.Path));
            var start = new ProcessStartInfo(program.Server, [configuration]);
            program.Configure(start);
            return ChildProcess.Start(start, (line, _) => options.OnOutput?.Invoke(line));
        }

        // Only ours knows the password.
        Task<bool> Answers(CancellationToken token) => Hello.IsAnsweredAsync(port, greeting, "+OK\r\n+PONG\r\n"u8.ToArray(), token);
    }

    /// <summary>Stops the server in order and waits for its end.</summary>
    public Task StopAsync() => _process.StopAsync(_stopGrace);

    /// <summary>Kills the server, as a crash would end it.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Stops the server and removes its temporary files.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _process.DisposeAsync();
        _data.Dispose();
    }

    // A cache: nothing is saved, and the oldest entries go when it is full.
    private static string Configuration(int port, string password, string folder) => string.Create(CultureInfo.InvariantCulture, $"""
        bind {Host}
        port {port}
        requirepass {password}
        dir "{folder}"
        save ""
        appendonly no
        daemonize no
        maxmemory 256mb
        maxmemory-policy allkeys-lru

        """);
}
