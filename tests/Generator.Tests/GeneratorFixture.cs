using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Rlhf.BackingServers;
using Rlhf.Generator.Tests;
using Rlhf.Testing;
using Rlhf.V1;

[assembly: AssemblyFixture(typeof(GeneratorFixture))]

namespace Rlhf.Generator.Tests;

/// <summary>A real generator with the embedded model, on a real RabbitMQ.</summary>
public sealed class GeneratorFixture : IAsyncLifetime
{
    private readonly string _data = Directory.CreateTempSubdirectory("generator-test").FullName;
    private RabbitMqServer? _broker;
    private WebApplication? _app;
    private GrpcChannel? _channel;

    public GenerationService.GenerationServiceClient Client => new(_channel);

    public IServiceProvider Services => _app?.Services ?? throw new InvalidOperationException("The generator is not running.");

    public async ValueTask InitializeAsync()
    {
        _broker = await RabbitMqServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Protocols"] = "Http2",
            ["ConnectionStrings:messaging"] = _broker.ConnectionString,
            ["Model:Path"] = Path.Combine(Fixtures.RepositoryRoot(), "src", "Models", "TinyAssistant", "model"),
            ["Data:Path"] = _data,
        });
        GeneratorServer.Configure(builder);
        _app = builder.Build();
        GeneratorServer.Map(_app);
        await _app.StartAsync();
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "";
        _channel = GrpcChannel.ForAddress(address);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        Directory.Delete(_data, recursive: true);
    }
}
