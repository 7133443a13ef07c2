using Microsoft.Extensions.Configuration;

namespace Rlhf.AppHost.Local;

/// <summary>An endpoint that a service's appsettings.json declares under Kestrel:Endpoints.</summary>
/// <param name="Name">Its name there: "http" or "grpc".</param>
/// <param name="Scheme">"http" or "https".</param>
/// <param name="Host">The host it listens on.</param>
internal sealed record KestrelEndpoint(string Name, string Scheme, string Host)
{
    /// <summary>Reads the endpoints of a project, in the order of their names.</summary>
    public static IReadOnlyList<KestrelEndpoint> ReadFrom(string projectPath)
    {
        var settings = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(Path.GetDirectoryName(projectPath) ?? "", "appsettings.json"), optional: true)
            .Build();
        return
        [
            .. from endpoint in settings.GetSection("Kestrel:Endpoints").GetChildren()
               where endpoint["Url"] is not null
               let url = new Uri(endpoint["Url"] ?? "")
               orderby endpoint.Key
               select new KestrelEndpoint(endpoint.Key, url.Scheme, url.Host),
        ];
    }
}
