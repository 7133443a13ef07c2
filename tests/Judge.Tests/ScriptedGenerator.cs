using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Rlhf.Tests;
using Rlhf.V1;

namespace Rlhf.Judge.Tests;

/// <summary>The Judge's peer on loopback: answers as the test scripts it, and remembers what it was asked.</summary>
internal sealed class ScriptedGenerator : GenerationService.GenerationServiceBase, IAsyncDisposable
{
    private readonly LoopbackGrpcServer _server;
    private readonly GrpcChannel _channel;

    private ScriptedGenerator()
    {
        _server = LoopbackGrpcServer.Start(this);
        _channel = GrpcChannel.ForAddress(Address);
        Client = new GenerationService.GenerationServiceClient(_channel);
    }

    public string Address => _server.Address.OriginalString;

    public GenerationService.GenerationServiceClient Client { get; }

    public ConcurrentQueue<GenerateBatchRequest> GenerateCalls { get; } = new();

    public ConcurrentQueue<ScoreTokensRequest> ScoreCalls { get; } = new();

    public Func<GenerateRequest, GenerateResult> OnGenerate { get; set; } = _ => Text("An answer.");

    public Func<ScoreTokensItem, ScoreTokensResult> OnScore { get; set; } = _ => Logprobs(-1);

    /// <summary>Thrown, one a call, before anything is answered.</summary>
    public ConcurrentQueue<RpcException> Failures { get; } = new();

    public static ScriptedGenerator Start() => new();

    public static GenerateResult Text(string text) => new() { Samples = { new Sample { Text = text } } };

    public static ScoreTokensResult Logprobs(params float[] logprobs) => new() { Logprobs = { logprobs } };

    public override Task<GenerateBatchResponse> GenerateBatch(GenerateBatchRequest request, ServerCallContext context)
    {
        GenerateCalls.Enqueue(request);
        ThrowIfTold();
        return Task.FromResult(new GenerateBatchResponse { Results = { request.Requests.Select(OnGenerate) } });
    }

    public override Task<ScoreTokensResponse> ScoreTokens(ScoreTokensRequest request, ServerCallContext context)
    {
        ScoreCalls.Enqueue(request);
        ThrowIfTold();
        return Task.FromResult(new ScoreTokensResponse { Results = { request.Items.Select(OnScore) } });
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    private void ThrowIfTold()
    {
        if (Failures.TryDequeue(out var failure))
        {
            throw failure;
        }
    }
}
