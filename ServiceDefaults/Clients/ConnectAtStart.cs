namespace Rlhf.ServiceDefaults.Clients;

/// <summary>Being given <typeparamref name="T"/> when the host starts is all it does: that makes the connection.</summary>
internal sealed class ConnectAtStart<T>(T connection) : IHostedService
    where T : class
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
