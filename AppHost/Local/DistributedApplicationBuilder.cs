using Microsoft.Extensions.Configuration;

namespace Rlhf.AppHost.Local;

/// <inheritdoc />
internal sealed class DistributedApplicationBuilder(string[] args) : IDistributedApplicationBuilder
{
    private readonly List<Resource> _resources = [];
    private ChildOutputs? _outputs;

    public IConfiguration Configuration { get; } = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();

    private ChildOutputs Outputs
        => _outputs ??= new ChildOutputs(Configuration.GetSection(LocalRunnerOptions.Section).Get<LocalRunnerOptions>() ?? new LocalRunnerOptions());

    public IResourceBuilder<IResourceWithConnectionString> AddConnectionString(string name)
        => Add(new ConnectionStringResource(name, Configuration.GetConnectionString(name)
            ?? throw new InvalidOperationException($"ConnectionStrings__{name} is not set.")));

    public IResourceBuilder<RedisResource> AddRedis(string name) => Add(new RedisResource(name, Outputs));

    public IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(string name) => Add(new RabbitMQServerResource(name, Outputs));

    public IResourceBuilder<ProjectResource> AddProject<TProject>(string name)
        where TProject : IProjectMetadata, new()
        => Add(new ProjectResource(name, new TProject(), Outputs));

    public DistributedApplication Build() => new(_resources, Outputs);

    private ResourceBuilder<T> Add<T>(T resource)
        where T : Resource
    {
        _resources.Add(resource);
        return new ResourceBuilder<T>(resource);
    }
}
