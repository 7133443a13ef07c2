using System.Globalization;
using Rlhf.BackingServers.Packages;
using Rlhf.BackingServers.Processes;

namespace Rlhf.BackingServers;

/// <summary>
/// A RabbitMQ of our own on loopback, with a password, that ends with this process. It has its own Erlang port mapper, node
/// folder and home, so that several run side by side and beside an installed one.
/// </summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    /// <summary>The only user.</summary>
    public const string UserName = "rlhf";

    private static readonly TimeSpan _stopGrace = TimeSpan.FromSeconds(10);

    private readonly ChildProcess _broker;
    private readonly ChildProcess _portMapper;
    private readonly DataFolder _data;

    private RabbitMqServer(ChildProcess broker, ChildProcess portMapper, DataFolder data, int port, string password)
    {
        _broker = broker;
        _portMapper = portMapper;
        _data = data;
        Port = port;
        Password = password;
    }

    /// <summary>The address it listens on.</summary>
    public static string Host => "127.0.0.1";

    /// <summary>The AMQP port on loopback.</summary>
    public int Port { get; }

    /// <summary>The password of <see cref="UserName"/>.</summary>
    public string Password { get; }

    /// <summary>For RabbitMQ.Client: <c>amqp://rlhf:PASSWORD@127.0.0.1:PORT</c>.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"amqp://{UserName}:{Password}@{Host}:{Port}");

    /// <summary>The process id of the Erlang machine that is the broker.</summary>
    public int ProcessId => _broker.Id;

    /// <summary>The process id of its port mapper (epmd).</summary>
    public int PortMapperProcessId => _portMapper.Id;

    /// <summary>Completes with the exit code when the broker has ended.</summary>
    public Task<int> Exited => _broker.Exited;

    /// <summary>Starts RabbitMQ from PATH, or else from packages unpacked into the user's cache, and waits until it answers (5 to 7 seconds).</summary>
    /// <exception cref="BackingServerException">There is no RabbitMQ to be had, or it does not start.</exception>
    public static async Task<RabbitMqServer> StartAsync(BackingServerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var installation = await RabbitMqInstallation.FindAsync(options, cancellationToken);
        var data = new DataFolder(options.DataFolder, "rabbitmq");
        var node = new RabbitMqNode(installation, data.Path, options.Password ?? Secrets.Create(), options.OnOutput);
        ChildProcess? portMapper = null;
        try
        {
            portMapper = await ServerLauncher.StartAsync("RabbitMQ's port mapper", node.StartPortMapper, node.PortMapperAnswersAsync, canRetry: true, cancellationToken);
            var broker = await ServerLauncher.StartAsync("RabbitMQ", () => node.StartBroker(options.Port), node.BrokerAnswersAsync, canRetry: options.Port == 0, cancellationToken);
            return new RabbitMqServer(broker, portMapper, data, node.Port, node.Password);
        }
        catch
        {
            if (portMapper is not null)
            {
                await portMapper.DisposeAsync();
            }

            data.Dispose();
            throw;
        }
    }

    /// <summary>Stops the broker in order, then its port mapper.</summary>
    public async Task StopAsync()
    {
        await _broker.StopAsync(_stopGrace);
        await _portMapper.StopAsync(TimeSpan.FromSeconds(1));
    }

    /// <summary>Kills the broker, as a crash would end it. Durable messages stay in a data folder that the caller chose.</summary>
    public async Task KillAsync()
    {
        await _broker.KillAsync();
        await _portMapper.KillAsync();
    }

    /// <summary>Stops the broker and removes its temporary files.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _broker.DisposeAsync();
        await _portMapper.DisposeAsync();
        _data.Dispose();
    }
}
