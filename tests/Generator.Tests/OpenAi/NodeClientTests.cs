using System.Diagnostics;
using System.Text.Json;
using Rlhf.V1;

namespace Rlhf.Generator.Tests.OpenAi;

/// <summary>OpenAI's own JavaScript client, as it comes. Skipped where node or the package can't be had.</summary>
public sealed class NodeClientTests(GeneratorFixture generator)
{
    private const string Package = "openai@6.30.1";

    [Fact]
    public async Task The_npm_package_lists_chats_streams_completes_and_reads_errors()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var folder = await InstalledPackageAsync(cancellation);
        var script = Path.Combine(AppContext.BaseDirectory, "OpenAi", "openai_client.mjs");
        var (exitCode, output, error) = await RunAsync("node", [script, folder, new Uri(generator.Address, "v1").ToString()], cancellation);
        Assert.True(exitCode == 0, error);
        using var json = JsonDocument.Parse(output);
        var got = json.RootElement;

        var request = GenerationServiceTests.Request("How do I bake bread?");
        (request.Samples, request.Sampling.MaxNewTokens) = (2, 30);
        var samples = (await generator.Client.GenerateBatchAsync(
            new GenerateBatchRequest { Requests = { request } }, cancellationToken: cancellation)).Results[0].Samples;
        Assert.Equal(
            ["base", PublishedVersions.Policy, PublishedVersions.Adapter], got.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        var choices = got.GetProperty("chat").GetProperty("choices").EnumerateArray().ToList();
        Assert.Equal(samples.Select(sample => sample.Text), choices.Select(choice => choice.GetProperty("message").GetProperty("content").GetString()));
        Assert.Equal(2, choices[0].GetProperty("logprobs").GetProperty("content")[0].GetProperty("top_logprobs").GetArrayLength());
        Assert.Equal(samples[0].Text, got.GetProperty("streamed").GetString());
        Assert.Equal(samples[0].TokenIds.Count, got.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(2, got.GetProperty("text").GetProperty("choices").GetArrayLength());
        var refused = got.GetProperty("error");
        Assert.Equal("BadRequestError", refused.GetProperty("name").GetString());
        Assert.Equal(400, refused.GetProperty("status").GetInt32());
        Assert.Equal("temperature", refused.GetProperty("param").GetString());
    }

    // In the user's cache, beside what the local runner keeps there.
    private static async Task<string> InstalledPackageAsync(CancellationToken cancellationToken)
    {
        Assert.SkipUnless(IsOnPath("node") && IsOnPath("npm"), "node and npm are not on the PATH; install them to test OpenAI's JavaScript client.");
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var folder = Path.Combine(cache, "rlhf-services", "npm", Package);
        if (!File.Exists(Path.Combine(folder, "node_modules", "openai", "package.json")))
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), "{}", cancellationToken);
            var (exitCode, _, error) = await RunAsync("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", Package], cancellationToken);
            Assert.SkipUnless(exitCode == 0, $"npm can't install {Package}: {error.Trim().Split('\n')[^1]}");
        }

        return folder;
    }

    private static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
