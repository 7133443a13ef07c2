using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.V1;

namespace Rlhf.ServiceDefaults.Tests;

/// <summary>A real gRPC server on a loopback port whose answer a test chooses.</summary>
internal sealed class LoopbackService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LoopbackService(WebApplication app) => _app = app;

    /// <summary>Addresses of the "http" and "grpc" endpoints.</summary>
    public required string Http { get; init; }

    public required string Grpc { get; init; }

    public static async Task<LoopbackService> StartAsync(
        Func<TokenizeRequest, ServerCallContext, Task<TokenizeResponse>> answer, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:http:Protocols"] = "Http1",
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Protocols"] = "Http2",
        });
        builder.AddServiceDefaults();
        builder.Services.AddSingleton(answer);
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGrpcService<AnsweringService>();
        await app.StartAsync(TestContext.Current.CancellationToken);
        // Kestrel binds endpoints in the order of their names: grpc, then http.
        var addresses = app.Urls.ToArray();
        return new LoopbackService(app) { Grpc = addresses[0], Http = addresses[1] };
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private sealed class AnsweringService(Func<TokenizeRequest, ServerCallContext, Task<TokenizeResponse>> answer) : RewardService.RewardServiceBase
    {
        public override Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context) => answer(request, context);

        public override async Task ScoreStream(IAsyncStreamReader<ScoreStreamRequest> requestStream, IServerStreamWriter<ScoreStreamResponse> responseStream, ServerCallContext context)
            => await answer(new TokenizeRequest(), context);
    }
}
