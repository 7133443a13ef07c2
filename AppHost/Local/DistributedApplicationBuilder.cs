using Microsoft.Extensions.Configuration;

namespace Rlhf.AppHost.Local;

/// <inheritdoc />
internal sealed class DistributedApplicationBuilder(string[] args) : IDistributedApplicationBuilder
{
    private readonly List<Resource> _resources = [];
    private ChildOutputs? _outputs;

    public IConfiguration Configuration { get; } = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();

    public ChildOutputs Outputs
        => _outputs ??= new ChildOutputs(Configuration.GetSection(LocalRunnerOptions.Section).Get<LocalRunnerOptions>() ?? new LocalRunnerOptions());

    public IResourceBuilder<IResourceWithConnectionString> AddConnectionString(string name)
        => AddResource(new ConnectionStringResource(name, Configuration.GetConnectionString(name)
            ?? throw new InvalidOperationException($"ConnectionStrings__{name} is not set.")));

    public IResourceBuilder<RedisResource> AddRedis(string name) => AddResource(new RedisResource(name, Outputs));

    public IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(string name) => AddResource(new RabbitMQServerResource(name, Outputs));

    public IResourceBuilder<ProjectResource> AddProject<TProject>(string name)
        where TProject : IProjectMetadata, new()
        => AddResource(new ProjectResource(name, new TProject(), Outputs));

    public DistributedApplication Build() => new(_resources, Outputs);

    public IResourceBuilder<T> AddResource<T>(T resource)
        where T : Resource
    {
        _resources.Add(resource);
        return new ResourceBuilder<T>(resource, this);
    }
}
