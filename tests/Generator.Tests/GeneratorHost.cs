using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Rlhf.V1;

namespace Rlhf.Generator.Tests;

/// <summary>A generator in this process, behind both its doors.</summary>
public sealed class GeneratorHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly GrpcChannel _channel;

    private GeneratorHost(WebApplication app)
    {
        _app = app;
        // In the order of the endpoints' names.
        var addresses = _app.Urls.ToList();
        _channel = GrpcChannel.ForAddress(addresses[0]);
        Address = new Uri(addresses[1]);
    }

    public GenerationService.GenerationServiceClient Client => new(_channel);

    /// <summary>Where the HTTP door is.</summary>
    public Uri Address { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts one on free ports.</summary>
    /// <param name="settings">Its configuration beside the ports.</param>
    public static async Task<GeneratorHost> StartAsync(IReadOnlyDictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(settings)
        {
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Protocols"] = "Http2",
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:http:Protocols"] = "Http1",
        });
        GeneratorServer.Configure(builder);
        var app = builder.Build();
        try
        {
            GeneratorServer.Map(app);
            await app.StartAsync();
            return new GeneratorHost(app);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.DisposeAsync();
    }
}
