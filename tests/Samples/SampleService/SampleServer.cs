using System.Collections;
using Rlhf.ServiceDefaults;

namespace Rlhf.SampleService;

/// <summary>A service that tells its environment and connects to whatever servers it was given.</summary>
internal static class SampleServer
{
    public static void Configure(WebApplicationBuilder builder)
    {
        builder.AddServiceDefaults();
        builder.Services.AddValidatedOptions<SampleOptions>("Sample");
        if (builder.Configuration.GetConnectionString("cache") is not null)
        {
            builder.AddRedisClient("cache");
        }

        if (builder.Configuration.GetConnectionString("messaging") is not null)
        {
            builder.AddRabbitMQClient("messaging");
        }
    }

    public static void Map(WebApplication app)
    {
        if (app.Services.GetRequiredService<SampleOptions>().StartupError is { } error)
        {
            throw new StartupException(error);
        }

        app.MapDefaultEndpoints();
        app.MapGet("/environment", static () => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(static entry => (string)entry.Key, static entry => (string?)entry.Value));
        app.MapGet("/pid", static () => Environment.ProcessId);
    }
}
