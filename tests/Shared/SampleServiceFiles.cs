using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Rlhf.Tests;

/// <summary>Where the sample service was built, and how it is started. A project that links this also sets the metadata it reads.</summary>
internal static class SampleServiceFiles
{
    /// <summary>The project file.</summary>
    public static string Project => Metadata("SampleServiceProject");

    /// <summary>The assembly, in this test's own output folder.</summary>
    public static string Assembly => Path.Combine(AppContext.BaseDirectory, "Rlhf.SampleService.dll");

    /// <summary>A process that is about to be started, in the service's own folder.</summary>
    public static ProcessStartInfo Start(params (string Variable, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"), [Assembly])
        {
            WorkingDirectory = Path.GetDirectoryName(Project),
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["Kestrel__Endpoints__http__Url"] = "http://127.0.0.1:0";
        start.Environment["Kestrel__Endpoints__grpc__Url"] = "http://127.0.0.1:0";
        foreach (var (variable, value) in environment)
        {
            start.Environment[variable] = value;
        }

        return start;
    }

    private static string Metadata(string key) => typeof(SampleServiceFiles).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value ?? throw new InvalidOperationException($"{key} is empty.");
}
