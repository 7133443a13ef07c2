using System.Diagnostics;

namespace Rlhf.AppHost.Tests.Local;

public sealed class ShutdownTests
{
    private static readonly string[] _arguments = ["--run", "none", "--generators", "2", "--model", AppHostProcess.ModelPath ?? ""];

    [Fact]
    public async Task Asked_to_stop_it_leaves_no_process_behind()
    {
        Assert.SkipWhen(AppHostProcess.ModelPath is null, "There is no model folder to start the services with.");
        var cancellationToken = TestContext.Current.CancellationToken;
        using var appHost = new AppHostProcess(_arguments);
        await appHost.WaitForLineAsync("The system stays up", cancellationToken);
        // Six services, RabbitMQ and its port mapper; Redis's environment does not name the folder.
        Assert.True(appHost.Children().Count >= 8);

        using var kill = Process.Start("kill", ["-TERM", $"{appHost.Process.Id}"]);
        await appHost.Process.WaitForExitAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);

        Assert.Equal(128 + 15, appHost.Process.ExitCode);
        Assert.Empty(appHost.Children());
    }

    [Fact]
    public async Task Killed_it_takes_its_children_along_within_ten_seconds()
    {
        Assert.SkipWhen(AppHostProcess.ModelPath is null, "There is no model folder to start the services with.");
        var cancellationToken = TestContext.Current.CancellationToken;
        using var appHost = new AppHostProcess(_arguments);
        await appHost.WaitForLineAsync("The system stays up", cancellationToken);
        Assert.True(appHost.Children().Count >= 8);

        appHost.Process.Kill();

        var since = Stopwatch.GetTimestamp();
        while (appHost.Children().Count > 0 && Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(10))
        {
            await Task.Delay(200, cancellationToken);
        }

        Assert.Empty(appHost.Children());
    }

    [Fact]
    public async Task A_second_one_on_the_same_data_says_so_and_leaves_the_first_alone()
    {
        Assert.SkipWhen(AppHostProcess.ModelPath is null, "There is no model folder to start the services with.");
        var cancellationToken = TestContext.Current.CancellationToken;
        using var first = new AppHostProcess(_arguments);
        await first.WaitForLineAsync("Starting Redis", cancellationToken);
        var data = first.Process.StartInfo.ArgumentList[2];
        using var second = new AppHostProcess([.. _arguments, "--data", data]);

        await second.Process.WaitForExitAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);

        Assert.Equal(1, second.Process.ExitCode);
        Assert.Equal($"error: Another AppHost is using {data}; stop it, or give this one a folder of its own with --data.\n", await second.Process.StandardError.ReadToEndAsync(cancellationToken));
        Assert.False(first.Process.HasExited);
    }
}
