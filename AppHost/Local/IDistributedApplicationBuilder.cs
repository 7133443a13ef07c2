using Microsoft.Extensions.Configuration;

namespace Rlhf.AppHost.Local;

/// <summary>The application model while it is being written. Named as Aspire's, so that one text compiles against both.</summary>
internal interface IDistributedApplicationBuilder
{
    /// <summary>Environment variables and command-line settings.</summary>
    IConfiguration Configuration { get; }

    /// <summary>Opens the logs of what is started.</summary>
    ChildOutputs Outputs { get; }

    /// <summary>Makes a resource part of the model.</summary>
    IResourceBuilder<T> AddResource<T>(T resource)
        where T : Resource;

    /// <summary>A server that somebody else runs, by its ConnectionStrings entry.</summary>
    IResourceBuilder<IResourceWithConnectionString> AddConnectionString(string name);

    /// <summary>A Redis of our own.</summary>
    IResourceBuilder<RedisResource> AddRedis(string name);

    /// <summary>A RabbitMQ of our own.</summary>
    IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(string name);

    /// <summary>A service of this solution.</summary>
    IResourceBuilder<ProjectResource> AddProject<TProject>(string name)
        where TProject : IProjectMetadata, new();

    /// <summary>The finished model, ready to start.</summary>
    DistributedApplication Build();
}
