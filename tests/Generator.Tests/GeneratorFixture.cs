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
    private GeneratorHost? _host;

    public GenerationService.GenerationServiceClient Client => Host.Client;

    /// <summary>Where the HTTP door is.</summary>
    public Uri Address => Host.Address;

    public IServiceProvider Services => Host.Services;

    private GeneratorHost Host => _host ?? throw new InvalidOperationException("The generator is not running.");

    public async ValueTask InitializeAsync()
    {
        _broker = await RabbitMqServer.StartAsync(new BackingServerOptions(), CancellationToken.None);
        _learner = PublishedVersions.Start(ModelFolder(), Path.Combine(_data, "published"));
        _host = await StartAnotherAsync(new Dictionary<string, string?>());
    }

    /// <summary>Starts another member of the pool.</summary>
    /// <param name="settings">What is set differently.</param>
    public Task<GeneratorHost> StartAnotherAsync(IReadOnlyDictionary<string, string?> settings) => GeneratorHost.StartAsync(new Dictionary<string, string?>(settings)
    {
        ["services:learner:grpc:0"] = _learner?.Address,
        ["ConnectionStrings:messaging"] = _broker?.ConnectionString,
        ["Model:Path"] = ModelFolder(),
        ["Data:Path"] = _data,
    });

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
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

    private static string ModelFolder() => Path.Combine(Fixtures.RepositoryRoot(), "src", "Models", "TinyAssistant", "model");
}
