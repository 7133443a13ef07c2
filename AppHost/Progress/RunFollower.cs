using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using Rlhf.V1;

namespace Rlhf.AppHost.Progress;

/// <summary>Follows the Coordinator's run, across a restart of the Coordinator too.</summary>
internal sealed class RunFollower : IDisposable
{
    private static readonly TimeSpan _retryDelay = TimeSpan.FromSeconds(1);

    private readonly GrpcChannel _channel;
    private readonly RunService.RunServiceClient _client;

    public RunFollower(string address)
    {
        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler { UseProxy = false, EnableMultipleHttp2Connections = true },
            MaxReceiveMessageSize = null,
        });
        _client = new RunService.RunServiceClient(_channel);
    }

    /// <summary>The run at every change, the last state included.</summary>
    public async IAsyncEnumerable<Run> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            using var call = _client.WatchRun(new WatchRunRequest(), cancellationToken: cancellationToken);
            while (await NextAsync(call, cancellationToken) is { } run)
            {
                yield return run;
                if (run.State is RunState.Succeeded or RunState.Failed or RunState.Cancelled)
                {
                    yield break;
                }
            }

            await Task.Delay(_retryDelay, cancellationToken);
        }
    }

    /// <summary>The report of a run that has ended, as JSON.</summary>
    public async Task<string> GetReportAsync(string runId, CancellationToken cancellationToken)
        => (await _client.GetReportAsync(new GetReportRequest { RunId = runId }, cancellationToken: cancellationToken)).Json;

    public void Dispose() => _channel.Dispose();

    /// <summary>The next state, or null when the stream ended and is to be opened again.</summary>
    private static async Task<Run?> NextAsync(AsyncServerStreamingCall<Run> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call.ResponseStream.MoveNext(cancellationToken) ? call.ResponseStream.Current : null;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.Unavailable or StatusCode.NotFound)
        {
            return null; // the Coordinator is starting again, or has not begun its run yet
        }
    }
}
