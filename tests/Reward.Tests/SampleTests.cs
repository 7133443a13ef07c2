using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Rlhf.LanguageModels;
using Rlhf.Testing;

namespace Rlhf.Reward.Tests;

/// <summary>The samples do what they say, against a running service.</summary>
public sealed class SampleTests(BackingServersFixture servers) : IAsyncLifetime
{
    private const string Prompt = "How do I bake bread?";
    private static readonly string[] s_answers = ["Mix flour and water.", "No."];
    private static readonly string s_python = Path.Combine(Fixtures.RepositoryRoot(), "src", "Clients", "Samples", "python");
    private RunningReward? _reward;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RunningReward Reward => _reward ?? throw new InvalidOperationException("The service is not running.");

    public async ValueTask InitializeAsync()
    {
        _reward = await RunningReward.StartAsync(servers.Messaging, servers.Cache);
        await _reward.PublishAsync("v1", seed: 1);
    }

    public ValueTask DisposeAsync() => Reward.DisposeAsync();

    [Fact]
    public async Task The_sharp_sample_prints_each_answers_score()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var sample = Path.Combine(Fixtures.RepositoryRoot(), "artifacts", "bin", "RewardSample", configuration, "Rlhf.RewardSample.dll");
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        Assert.Equal(Expected(), await RunAsync(dotnet, "", [sample, Reward.Address, Prompt, .. s_answers]));
    }

    [Fact]
    public async Task The_trainers_sample_prints_each_answers_score()
    {
        await SkipUnlessAsync("python3", "--version");
        Assert.Equal(Expected(), await RunAsync("python3", "", [Path.Combine(s_python, "get_reward.py"), $"{Reward.Http.BaseAddress}get_reward", Prompt, .. s_answers]));
    }

    [Fact]
    public async Task The_python_sample_prints_each_answers_score()
    {
        var python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3"; // Debian's grpcio belongs to Debian's Python
        await SkipUnlessAsync(python, "-c", "import grpc, google.protobuf");
        await SkipUnlessAsync("protoc", "--version");
        var plugin = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "grpc_python_plugin")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(plugin is null, "grpc_python_plugin is not on the PATH (Debian: protobuf-compiler-grpc).");
        var generated = Directory.CreateDirectory(Path.Combine(Reward.Folder, "generated")).FullName;
        var protos = Path.Combine(Fixtures.RepositoryRoot(), "protos");
        await RunAsync("protoc", "", "-I", protos, $"--python_out={generated}", $"--grpc_python_out={generated}", $"--plugin=protoc-gen-grpc_python={plugin}", "rlhf/v1/messages.proto", "rlhf/v1/reward.proto");

        Assert.Equal(Expected(), await RunAsync(python, generated, [Path.Combine(s_python, "score.py"), new Uri(Reward.Address).Authority, Prompt, .. s_answers]));
    }

    private string Expected()
    {
        using var model = RewardModel.Load(Reward.FolderOf("v1"));
        return string.Concat(s_answers.Select(answer =>
        {
            var raw = model.Score([[.. System.Text.Encoding.UTF8.GetBytes($"{Prompt} {answer}").Select(value => (int)value), TinyModels.EosId]])[0];
            return string.Create(CultureInfo.InvariantCulture, $"{(raw - .5) / 2:F3} {answer}\n");
        }));
    }

    private static async Task SkipUnlessAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Start(program, "", arguments);
            await process.WaitForExitAsync(Cancellation);
            Assert.SkipWhen(process.ExitCode != 0, $"'{program} {string.Join(' ', arguments)}' fails here.");
        }
        catch (Win32Exception)
        {
            Assert.Skip($"There is no {program} here.");
        }
    }

    private static async Task<string> RunAsync(string program, string pythonPath, params string[] arguments)
    {
        using var process = Start(program, pythonPath, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        Assert.True(process.ExitCode == 0, await error);
        return await output;
    }

    private static Process Start(string program, string pythonPath, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONPATH"] = pythonPath;
        start.Environment["no_proxy"] = "*"; // the service is on this machine
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }
}
