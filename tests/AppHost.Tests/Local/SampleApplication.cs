using Rlhf.AppHost.Local;

namespace Rlhf.AppHost.Tests.Local;

/// <summary>Models of the sample service, with their logs in a folder that goes with them.</summary>
internal sealed class SampleApplication : IDisposable
{
    // Others may pass through it: root's PostgreSQL runs as another user.
    private readonly DirectoryInfo _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"rlhf-apphost-test-{Guid.NewGuid():N}"));

    public SampleApplication() => Builder = NewBuilder();

    public IDistributedApplicationBuilder Builder { get; }

    /// <summary>Another model, over the same folders.</summary>
    public IDistributedApplicationBuilder NewBuilder() => DistributedApplication.CreateBuilder(
    [
        $"--LocalRunner:LogsPath={Path.Combine(_folder.FullName, "logs")}",
        $"--LocalRunner:ServersPath={Path.Combine(_folder.FullName, "servers")}",
    ]);

    public string LogOf(string name) => File.ReadAllText(Path.Combine(_folder.FullName, "logs", name + ".log"));

    public void Dispose() => _folder.Delete(recursive: true);
}
