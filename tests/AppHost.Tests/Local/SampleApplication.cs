using Rlhf.AppHost.Local;

namespace Rlhf.AppHost.Tests.Local;

/// <summary>Models of the sample service, with their logs in a folder that goes with them.</summary>
internal sealed class SampleApplication : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rlhf-apphost-test-");

    public SampleApplication() => Builder = DistributedApplication.CreateBuilder(
    [
        $"--LocalRunner:LogsPath={Path.Combine(_folder.FullName, "logs")}",
        $"--LocalRunner:ServersPath={Path.Combine(_folder.FullName, "servers")}",
    ]);

    public IDistributedApplicationBuilder Builder { get; }

    public string LogOf(string name) => File.ReadAllText(Path.Combine(_folder.FullName, "logs", name + ".log"));

    public void Dispose() => _folder.Delete(recursive: true);
}
