using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rlhf.Tests;

namespace Rlhf.ServiceDefaults.Tests;

public sealed class ServiceHostTests
{
    [Theory]
    [InlineData("Sample__StartupError", "There is no folder '/models/x'; set Model__Path.", "error: There is no folder '/models/x'; set Model__Path.")]
    [InlineData("Sample__Size", "11", "between 1 and 10")]
    [InlineData("Sample__Size", "many", "section 'Sample': ")]
    [InlineData("Sample__Sice", "1", "'Sice'")]
    [InlineData("RLHF_PARENT_PID", "me", "RLHF_PARENT_PID is 'me'")]
    public async Task A_failure_to_start_is_one_line_and_exit_code_2(string variable, string value, string expected)
    {
        var (exitCode, error) = await RunToEndAsync((variable, value));

        Assert.Equal(2, exitCode);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_in_use_is_one_line_and_exit_code_2()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var (exitCode, error) = await RunToEndAsync(("Kestrel__Endpoints__http__Url", $"http://127.0.0.1:{port}"));

        Assert.Equal(2, exitCode);
        Assert.Contains($"error: Failed to bind to address http://127.0.0.1:{port}: address already in use.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_ends_when_the_process_that_started_it_is_gone()
    {
        using var parent = Process.Start("sleep", "600");
        using var service = Process.Start(SampleServiceFiles.Start(
            ("RLHF_PARENT_PID", parent.Id.ToString(CultureInfo.InvariantCulture)), ("Logging__LogLevel__Microsoft.Hosting.Lifetime", "Information")));
        Assert.NotNull(service);
        var firstLine = service.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.Contains("Now listening", await firstLine.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(service.HasExited);

        parent.Kill();

        await service.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    private static async Task<(int ExitCode, string Error)> RunToEndAsync(params (string Variable, string Value)[] environment)
    {
        using var process = Process.Start(SampleServiceFiles.Start(environment));
        Assert.NotNull(process);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return (process.ExitCode, await error);
    }
}
