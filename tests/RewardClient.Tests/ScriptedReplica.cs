using System.Collections.Concurrent;
using Grpc.Core;
using Rlhf.Tests;
using Rlhf.V1;

namespace Rlhf.Clients.Reward.Tests;

/// <summary>A real gRPC server on loopback that answers as a test says.</summary>
internal sealed class ScriptedReplica : RewardService.RewardServiceBase, IAsyncDisposable
{
    private readonly LoopbackGrpcServer _server;

    public ScriptedReplica() => _server = LoopbackGrpcServer.Start(this);

    public Uri Address => _server.Address;

    /// <summary>The ScoreBatch calls that came, with their headers.</summary>
    public ConcurrentQueue<(ScoreBatchRequest Request, Metadata Headers)> Calls { get; } = new();

    /// <summary>How the n-th ScoreBatch call is answered, from 1.</summary>
    public Func<int, ScoreBatchRequest, ServerCallContext, Task<ScoreBatchResponse>> OnBatch { get; set; } = static (_, request, _) => Task.FromResult(AnswerTo(request));

    /// <summary>How a stream is answered.</summary>
    public Func<IAsyncStreamReader<ScoreStreamRequest>, IServerStreamWriter<ScoreStreamResponse>, Task> OnStream { get; set; } = static (_, _) => Task.CompletedTask;

    public static ScoreBatchResponse AnswerTo(ScoreBatchRequest request) =>
        new() { RequestId = request.RequestId, Results = { request.Items.Select(ResultOf) } };

    /// <summary>The length of the response as a score.</summary>
    public static ScoreResult ResultOf(ScoreItem item) => new()
    {
        Raw = LengthOf(item),
        Normalised = LengthOf(item) / 2.0,
        Rating = 1000 + LengthOf(item),
        Spread = .25,
        TokenCount = 3,
        ModelVersion = "v1",
    };

    private static int LengthOf(ScoreItem item) => item.Text?.Response.Length ?? 0;

    public override Task<ScoreBatchResponse> ScoreBatch(ScoreBatchRequest request, ServerCallContext context)
    {
        Calls.Enqueue((request, context.RequestHeaders));
        return OnBatch(Calls.Count, request, context);
    }

    public override Task ScoreStream(
        IAsyncStreamReader<ScoreStreamRequest> requestStream, IServerStreamWriter<ScoreStreamResponse> responseStream, ServerCallContext context) =>
        OnStream(requestStream, responseStream);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
