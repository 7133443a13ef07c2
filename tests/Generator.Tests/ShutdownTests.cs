using Microsoft.Extensions.DependencyInjection;
using Rlhf.Generator.Requests;
using Rlhf.V1;

namespace Rlhf.Generator.Tests;

public sealed class ShutdownTests(GeneratorFixture generator)
{
    /// <summary>The models' memory is freed with the host: a thread that still worked with it would end the process.</summary>
    [Fact]
    public async Task A_host_that_is_freed_without_having_been_stopped_ends_its_work_first()
    {
        var host = await generator.StartAnotherAsync(new Dictionary<string, string?> { ["Generator:MaxSamplesPerPrompt"] = "4096" });
        using var watch = new EngineWatch(host.Services);
        var sampling = host.Services.GetRequiredService<PromptSampler>().SampleAsync(
            new Prompt { Text = "Once" }, "base", new SamplingOptions { Temperature = 3, MaxNewTokens = 200 }, samples: 4096, TestContext.Current.CancellationToken);
        while (watch.TokensDrawn == 0)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await host.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sampling.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }
}
