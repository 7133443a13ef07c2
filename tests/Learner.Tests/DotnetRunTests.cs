using System.Diagnostics;
using Rlhf.Learner.Tests.CommandLine;
using Rlhf.Testing;

namespace Rlhf.Learner.Tests;

public sealed class DotnetRunTests : IDisposable
{
    private readonly TinyFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Paths_on_the_command_line_begin_where_dotnet_run_was_called()
    {
        _folder.Write("nothing.yaml", "model: nowhere", "output: out", "data: [{ file: stories.jsonl }]");
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var start = new ProcessStartInfo(
            "dotnet",
            ["run", "--no-build", "-c", configuration, "--project", Path.Combine(Fixtures.RepositoryRoot(), "src", "Services", "Learner"), "--", "train", "sft", "--config", "nothing.yaml"])
        {
            WorkingDirectory = _folder.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet wasn't started.");
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Contains("error: nothing.yaml, line 1: model: there is no folder", error + await output, StringComparison.Ordinal); // so the config was found
    }
}
