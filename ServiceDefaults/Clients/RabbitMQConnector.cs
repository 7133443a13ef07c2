using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Rlhf.ServiceDefaults.Clients;

/// <summary>Connects to a broker that may still be starting.</summary>
internal static class RabbitMQConnector
{
    /// <summary>Connects, and tries again after 1, 2, 4, … seconds while the broker cannot be reached.</summary>
    /// <param name="factory">What to connect to.</param>
    /// <param name="maxRetries">Attempts after the first.</param>
    /// <exception cref="BrokerUnreachableException">The last attempt failed too.</exception>
    public static async Task<IConnection> ConnectAsync(IConnectionFactory factory, int maxRetries)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await factory.CreateConnectionAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is SocketException or BrokerUnreachableException && attempt < maxRetries)
            {
                await Task.Delay(TimeSpan.FromSeconds(Math.Pow(2, attempt))).ConfigureAwait(false);
            }
        }
    }
}
