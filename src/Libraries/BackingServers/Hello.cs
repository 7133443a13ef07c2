using System.Net;
using System.Net.Sockets;

namespace Rlhf.BackingServers;

/// <summary>The first words of a protocol, to tell a server that is ready from a port that is merely open.</summary>
internal static class Hello
{
    /// <summary>Whether the server on that loopback port answers a greeting with a given beginning.</summary>
    public static async Task<bool> IsAnsweredAsync(int port, ReadOnlyMemory<byte> greeting, ReadOnlyMemory<byte> expected, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(greeting, cancellationToken);
            var answer = new byte[expected.Length];
            await stream.ReadExactlyAsync(answer, cancellationToken);
            return answer.AsSpan().SequenceEqual(expected.Span);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false; // not there yet, or closed the connection: the caller asks again
        }
    }
}
