using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Rlhf.Messaging.Tests;

/// <summary>Forwards TCP connections to the broker and can cut them all, as a network failure would.</summary>
public sealed class SeverableProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _clients = [];
    private readonly string _host;
    private readonly int _port;

    public SeverableProxy(string host, int port)
    {
        (_host, _port) = (host, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Cut()
    {
        while (_clients.TryTake(out var client))
        {
            client.Dispose();
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync();
                var far = new TcpClient();
                _clients.Add(near);
                _clients.Add(far);
                await far.ConnectAsync(_host, _port);
                _ = ForwardAsync(near.GetStream(), far.GetStream());
                _ = ForwardAsync(far.GetStream(), near.GetStream());
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private static async Task ForwardAsync(NetworkStream from, NetworkStream to)
    {
        try
        {
            await from.CopyToAsync(to);
            to.Close();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
