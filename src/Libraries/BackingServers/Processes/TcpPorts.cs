using System.Net;
using System.Net.Sockets;

namespace Rlhf.BackingServers.Processes;

/// <summary>Ports on loopback.</summary>
public static class TcpPorts
{
    /// <summary>
    /// Ports that were free a moment ago, all different. Somebody else can take one before it is used: whoever uses it must be
    /// ready to try another.
    /// </summary>
    public static int[] FindFree(int count)
    {
        var listeners = new List<TcpListener>(count);
        try
        {
            for (var i = 0; i < count; i++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listeners.Add(listener);
                listener.Start();
            }

            return [.. listeners.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(static listener => listener.Dispose());
        }
    }
}
