using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Rlhf.BackingServers.Processes;

/// <summary>Ports on loopback.</summary>
public static class TcpPorts
{
    // Below the range from which systems hand out ports by themselves: nobody gets one of these by chance.
    private const int First = 20_000;
    private const int End = 32_000;
    private const int MaxAttempts = 1_000;

    private static readonly Lock _lock = new();
    private static readonly HashSet<int> _given = [];

    /// <summary>
    /// Ports that were free a moment ago, never the same twice from one process. Another process can take one before it is used:
    /// whoever uses it must be ready to hear so.
    /// </summary>
    public static int[] FindFree(int count)
    {
        lock (_lock)
        {
            return [.. Enumerable.Range(0, count).Select(static _ => FindOne())];
        }
    }

    private static int FindOne()
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (!_given.Contains(port) && IsFree(port))
            {
                _given.Add(port);
                return port;
            }
        }

        throw new InvalidOperationException($"No free port was found on 127.0.0.1 between {First} and {End}.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
