using System.Diagnostics;
using System.Globalization;
using Rlhf.BackingServers.Packages;
using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers;

/// <summary>
/// Starts the two processes of a broker without the package's shell scripts, so that each one's process id, exit code and signals
/// are its own.
/// </summary>
internal sealed class RabbitMqNode(RabbitMqInstallation installation, string folder, string password, Action<string>? onOutput)
{
    private int _portMapperPort;

    public int Port { get; private set; }

    public string Password => password;

    public ChildProcess StartPortMapper()
    {
        _portMapperPort = TcpPorts.FindFree(1)[0];
        return Start("epmd", ["-port", Text(_portMapperPort), "-address", "127.0.0.1"]);
    }

    /// <summary>A port mapper that is ready answers a NAMES request (a length of 1, then 'n') with its own port.</summary>
    public Task<bool> PortMapperAnswersAsync(CancellationToken cancellationToken)
        => Hello.IsAnsweredAsync(_portMapperPort, "\0\u0001n"u8.ToArray(), (byte[])[0, 0, (byte)(_portMapperPort >> 8), (byte)_portMapperPort], cancellationToken);

    /// <summary>Starts the broker on a port, or on a free one for 0.</summary>
    public ChildProcess StartBroker(int port)
    {
        var free = TcpPorts.FindFree(2);
        Port = port != 0 ? port : free[0];
        WriteFiles();
        return Start("erlexec",
        [
            "-noinput", "-s", "rabbit", "boot", "-boot", "start_sasl",
            // The package's own allocator settings, and no spinning while idle: the processor is for tensors.
            "+W", "w", "+MBas", "ageffcbf", "+MHas", "ageffcbf", "+MBlmbcs", "512", "+MHlmbcs", "512", "+MMmcs", "30",
            "+P", "1048576", "+t", "5000000", "+stbt", "db", "+zdbbl", "128000", "+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none", "+S", "2:2",
            "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-kernel", "prevent_overlapping_partitions", "false",
            "-syslog", "logger", "[]", "-syslog", "syslog_error_logger", "false",
        ], distributionPort: free[1]);
    }

    /// <summary>A broker that is ready answers AMQP 0-9-1's header with a method frame (type 1) on channel 0.</summary>
    public Task<bool> BrokerAnswersAsync(CancellationToken cancellationToken)
        => Hello.IsAnsweredAsync(Port, "AMQP\0\0\u0009\u0001"u8.ToArray(), (byte[])[1, 0, 0], cancellationToken);

    private ChildProcess Start(string program, string[] arguments, int distributionPort = 0)
    {
        var start = new ProcessStartInfo(Path.Combine(installation.BinFolder, program), arguments) { WorkingDirectory = folder };
        installation.Configure(start);
        foreach (var (name, value) in Variables(distributionPort))
        {
            start.Environment[name] = value;
        }

        return ChildProcess.Start(start, (line, _) => onOutput?.Invoke(line));
    }

    private Dictionary<string, string> Variables(int distributionPort) => new()
    {
        ["HOME"] = Home,
        ["ROOTDIR"] = installation.ErlangRoot,
        ["BINDIR"] = installation.BinFolder,
        ["EMU"] = "beam",
        ["PROGNAME"] = "erl",
        ["ERL_LIBS"] = Path.Combine(installation.ServerHome, "plugins"),
        ["ERL_MAX_PORTS"] = "65536",
        ["ERL_MAX_ETS_TABLES"] = "50000",
        ["ERL_EPMD_PORT"] = Text(_portMapperPort),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_HOME"] = installation.ServerHome,
        ["RABBITMQ_NODENAME"] = "rabbit@localhost",
        ["RABBITMQ_DIST_PORT"] = Text(distributionPort),
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        ["RABBITMQ_CONFIG_FILE"] = ConfigurationFile,
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = PluginsFile,
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
    };

    private string Home => Path.Combine(folder, "home");

    private string ConfigurationFile => Path.Combine(folder, "rabbitmq.conf");

    private string PluginsFile => Path.Combine(folder, "enabled_plugins");

    private void WriteFiles()
    {
        Directory.CreateDirectory(Path.Combine(folder, "mnesia"));
        Directory.CreateDirectory(Path.Combine(folder, "log"));
        Directory.CreateDirectory(Home);
        var cookie = Path.Combine(Home, ".erlang.cookie");
        if (!File.Exists(cookie))
        {
            Secrets.WriteFile(cookie, Secrets.Create());
        }

        File.WriteAllText(PluginsFile, "[].\n");
        Secrets.WriteFile(ConfigurationFile, $"""
            listeners.tcp.1 = 127.0.0.1:{Text(Port)}
            default_user = {RabbitMqServer.UserName}
            default_pass = {password}
            log.console = true
            log.console.level = info
            log.console.formatter = plaintext
            log.file = false
            vm_memory_high_watermark.absolute = 1GB
            disk_free_limit.absolute = 50MB

            """);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
