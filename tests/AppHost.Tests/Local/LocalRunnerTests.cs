using System.Diagnostics;
using System.Globalization;
using Rlhf.AppHost.Local;

namespace Rlhf.AppHost.Tests.Local;

public sealed class LocalRunnerTests
{
    [Fact]
    public async Task A_service_that_cannot_start_is_reported_in_its_own_words_and_nothing_is_left()
    {
        using var sample = new SampleApplication();
        var good = sample.Builder.AddProject<SampleProject>("good").WithHttpHealthCheck("/health", endpointName: "http");
        sample.Builder.AddProject<SampleProject>("bad").WaitFor(good)
            .WithHttpHealthCheck("/health", endpointName: "http")
            .WithEnvironment("Sample__StartupError", "There is no model here.");
        var app = sample.Builder.Build();

        var error = await Assert.ThrowsAsync<UserErrorException>(() => app.StartAsync(TestContext.Current.CancellationToken));
        var pid = await ProcessIdAsync(good);
        await app.DisposeAsync();

        Assert.Equal("bad did not start: There is no model here.", error.Message);
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public async Task A_replica_that_is_killed_comes_back_at_the_same_address()
    {
        using var sample = new SampleApplication();
        var service = sample.Builder.AddProject<SampleProject>("service").WithHttpHealthCheck("/health", endpointName: "http").WithReplicas(2);
        await using var app = sample.Builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var before = await ProcessIdAsync(service);

        using (var process = Process.GetProcessById(before))
        {
            process.Kill();
        }

        var after = await WhenAnotherAnswersAsync(service, before);
        Assert.NotEqual(before, after);
        Assert.False(app.Failure.IsCompleted);
    }

    [Fact]
    public async Task Stopping_ends_servers_and_services_and_the_log_has_their_lines()
    {
        using var sample = new SampleApplication();
        var messaging = sample.Builder.AddRabbitMQ("messaging");
        var service = sample.Builder.AddProject<SampleProject>("service")
            .WithReference(messaging).WaitFor(messaging)
            .WithHttpHealthCheck("/health", endpointName: "http")
            .WithEnvironment("Logging__LogLevel__Default", "Information");
        var app = sample.Builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var pid = await ProcessIdAsync(service);

        await app.DisposeAsync();

        Assert.False(Directory.Exists($"/proc/{pid}"));
        Assert.Contains("Application is shutting down", sample.LogOf("service"), StringComparison.Ordinal);
        // The service was gone before its broker was asked to stop.
        Assert.DoesNotContain("closing AMQP connection", After(sample.LogOf("messaging"), "SIGTERM received"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("09:00:00 warn: Rlhf.Learner[0] Slow.", false, true)]
    [InlineData("fail: Rlhf.Learner[0] Broken.", false, true)]
    [InlineData("09:00:00 info: Rlhf.Learner[0] Step 3.", false, false)]
    [InlineData("09:00:00 info: Rlhf.Learner[0] Step 3.", true, false)]
    [InlineData("error: There is no model here.", true, true)]
    [InlineData("some library's chatter", false, false)]
    [InlineData("", true, false)]
    public void The_terminal_shows_what_matters(string line, bool isError, bool isShown)
        => Assert.Equal(isShown, ChildOutput.IsShown(line, isError));

    private static string After(string text, string mark)
        => text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? text[at..] : throw new ArgumentException($"'{mark}' is not in: {text}", nameof(mark));

    private static async Task<int> WhenAnotherAnswersAsync(IResourceBuilder<ProjectResource> project, int than)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
        {
            try
            {
                if (await ProcessIdAsync(project) is var pid && pid != than)
                {
                    return pid;
                }
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100, TestContext.Current.CancellationToken); // not back yet
            }
        }

        return than;
    }

    private static async Task<int> ProcessIdAsync(IResourceBuilder<ProjectResource> project)
    {
        using var client = new HttpClient();
        var answer = await client.GetStringAsync(new Uri(project.GetEndpoint("http").Url + "/pid"), TestContext.Current.CancellationToken);
        return int.Parse(answer, CultureInfo.InvariantCulture);
    }
}
