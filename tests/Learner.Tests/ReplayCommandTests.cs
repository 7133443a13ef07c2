using System.Globalization;
using Rlhf.Learner.CommandLine;

namespace Rlhf.Learner.Tests;

public sealed class ReplayCommandTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("replay-tests-").FullName;
    private readonly StringWriter _output = new(CultureInfo.InvariantCulture);
    private readonly StringWriter _error = new(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task A_kept_step_comes_out_the_same_to_the_bit_and_a_changed_option_shows()
    {
        Assert.NotNull(await TrainingProcess.RunAsync(_data, "ppo", _ => { }));
        foreach (var step in (string[])["1", "4", "6"])
        {
            Assert.Equal((0, ""), (Replay("--job", "run/ppo", "--step", step), _error.ToString()));
        }

        Assert.Equal(0, Replay("--run", "run", "--step", "2"));
        string[] names = ["score ", "kl ", "policy_loss ", "value_loss ", "gradient_norm ", "ratio_max ", "beta ", "adapter_model.safetensors ", "moments.safetensors "];
        Assert.All(names, name => Assert.Contains(name, _output.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain("seconds", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("DIFFERENT", _output.ToString(), StringComparison.Ordinal);

        Assert.Equal(1, Replay("--run", "run", "--step", "7"));
        Assert.Contains("the state after step 7 is not kept or not whole; kept are the states after steps 0, 1, 2, 3, 4, 5, 6", _error.ToString(), StringComparison.Ordinal);

        var record = Directory.EnumerateFiles(_data, "job.json", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(
            record,
            (await File.ReadAllTextAsync(record, TestContext.Current.CancellationToken)).Replace("\"ClipRange\":0.2", "\"ClipRange\":0.1", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        Assert.Equal(1, Replay("--job", "run/ppo", "--step", "4"));
        Assert.Contains("DIFFERENT", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Give either --job or --run.", "--step", "1")]
    [InlineData("Give either --job or --run.", "--step", "1", "--job", "a", "--run", "b")]
    [InlineData("--step is counted from 1.", "--step", "0", "--job", "a")]
    [InlineData("Option '--step' is required.", "--job", "a")]
    public void A_command_line_that_cannot_be_says_why(string sentence, params string[] options)
    {
        Assert.Equal(2, Replay(options));
        Assert.Contains(sentence, _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_job_says_which_there_are()
    {
        Assert.Equal(1, Replay("--job", "a", "--step", "1"));
        Assert.Contains("has no PPO job of that id; it has none.", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_data));
    }

    private int Replay(params string[] options) => ReplayCommand.Run(["replay", "--data", _data, .. options], _output, _error);
}
