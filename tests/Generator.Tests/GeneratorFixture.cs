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
    private PublishedVersions? _learner;
    private WebApplication? _app;
    private GrpcChannel? _channel;

    public GenerationService.GenerationServiceClient Client => new(_channel);

    /// <summary>Where the HTTP door is.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1");

    public IServiceProvider Services => _app?.Services ?? throw new InvalidOperationException("The generator is not running.");

    public async ValueTask InitializeAsync()
    {
        _broker = await RabbitMqServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
        var model = Path.Combine(Fixtures.RepositoryRoot(), "src", "Models", "TinyAssistant", "model");
        _learner = PublishedVersions.Start(model, Path.Combine(_data, "published"));
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:grpc:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:grpc:Protocols"] = "Http2",
            ["Kestrel:Endpoints:http:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:http:Protocols"] = "Http1",
            ["services:learner:grpc:0"] = _learner.Address,
            ["ConnectionStrings:messaging"] = _broker.ConnectionString,
            ["Model:Path"] = model,
            ["Data:Path"] = _data,
        });
        GeneratorServer.Configure(builder);
        _app = builder.Build();
        GeneratorServer.Map(_app);
        await _app.StartAsync();
        // In the order of the endpoints' names.
        var addresses = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.ToList() ?? [];
        _channel = GrpcChannel.ForAddress(addresses[0]);
        Address = new Uri(addresses[1]);
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        if (_learner is not null)
        {
            await _learner.DisposeAsync();
        }

        if (_broker is not null)
        {
            await _broker.DisposeAsync();
        }

        Directory.Delete(_data, recursive: true);
    }
}
