using Rlhf.AppHost.Options;
using Rlhf.ModelHub;

namespace Rlhf.AppHost.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("'--colour' is not an option.", "--colour", "red")]
    [InlineData("'stray' is not an option.", "stray")]
    [InlineData("--run: there is no file 'nowhere.yaml'.", "--run", "nowhere.yaml")]
    [InlineData("--prompts: there is no file 'nowhere.csv'.", "--prompts", "nowhere.csv")]
    [InlineData("--constitution: there is no file 'nowhere.yaml'.", "--constitution", "nowhere.yaml")]
    [InlineData("--model: there is no folder 'nowhere', nor", "--model", "nowhere")]
    [InlineData("--model: there is no folder '../owner/name', nor", "--model", "../owner/name")]
    [InlineData("--model: there is no folder 'hf:a/b/c', nor", "--model", "hf:a/b/c")]
    [InlineData("--generators is 0; it can be 1 to 64.", "--generators", "0")]
    [InlineData("--reward-replicas is 65; it can be 1 to 64.", "--reward-replicas", "65")]
    [InlineData("--exit-when-done needs a run, and --run is none.", "--run", "none", "--exit-when-done")]
    [InlineData("--report needs a run, and --run is none.", "--run", "none", "--report", "r.json")]
    [InlineData("--report: there is no folder '/nowhere/at'.", "--report", "/nowhere/at/all.json")]
    [InlineData("--seed", "--seed", "minus-one")]
    [InlineData("--ledger is 'oracle'; it can be sqlite or postgres.", "--ledger", "oracle")]
    [InlineData("--data", "--data")]
    public void What_cannot_be_is_one_sentence_and_a_non_zero_exit(string expected, params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        var options = CommandLine.Parse(args, output, error, out var exitCode);

        Assert.Null(options);
        Assert.NotEqual(0, exitCode);
        Assert.Empty(output.ToString());
        var line = Assert.Single(error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_said_is_the_default_run()
    {
        var options = CommandLine.Parse([], TextWriter.Null, TextWriter.Null, out _);

        Assert.NotNull(options);
        Assert.Equal("rlaif", options.Run);
        Assert.Equal(1ul, options.Seed);
        Assert.Equal((2, 1), (options.Generators, options.RewardReplicas));
        Assert.Equal(LedgerStore.Sqlite, options.Ledger);
        Assert.Equal(Path.Combine(AppHostOptions.RepositoryRoot, "data"), options.DataPath);
        Assert.Equal(Path.Combine(AppHostOptions.RepositoryRoot, "src", "Models", "TinyAssistant", "model"), options.ModelPath);
        Assert.False(options.ExitWhenDone || options.Resume || options.Verbose);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("rlhf")]
    [InlineData("mixed")]
    public void A_built_in_run_is_no_file(string run) => Assert.Equal(run, CommandLine.Parse(["--run", run], TextWriter.Null, TextWriter.Null, out _)?.Run);

    [Fact]
    public void Paths_are_absolute_whatever_folder_the_services_run_in()
    {
        var file = Path.GetRelativePath(Directory.GetCurrentDirectory(), typeof(CommandLineTests).Assembly.Location);

        var options = CommandLine.Parse(["--run", file, "--prompts", file, "--constitution", file, "--model", ".", "--data", "d", "--report", "r.json"],
            TextWriter.Null, TextWriter.Null, out _);

        Assert.NotNull(options);
        Assert.All([options.Run, options.PromptsPath, options.ConstitutionPath, options.ModelPath, options.DataPath, options.ReportPath],
            static path => Assert.True(Path.IsPathFullyQualified(path ?? "")));
    }

    [Theory]
    [InlineData("HuggingFaceTB/SmolLM2-135M", "HuggingFaceTB/SmolLM2-135M", "main")]
    [InlineData("hf:owner/name@v1.0", "owner/name", "v1.0")]
    [InlineData("owner/name@refs/pr/1", "owner/name", "refs/pr/1")]
    [InlineData("hf:gpt2", "gpt2", "main")]
    public void A_model_of_the_hub_is_known_by_its_form(string given, string repository, string revision)
    {
        var options = CommandLine.Parse(["--model", given], TextWriter.Null, TextWriter.Null, out _);

        Assert.Equal(new HubModelId(repository, revision), options?.HubModel);
    }

    [Fact]
    public void Help_explains_every_option_and_is_no_error()
    {
        using var output = new StringWriter();

        Assert.Null(CommandLine.Parse(["--help"], output, TextWriter.Null, out var exitCode));

        Assert.Equal(0, exitCode);
        Assert.All(["--run", "--exit-when-done", "--report", "--seed", "--model", "--prompts", "--constitution", "--generators", "--data", "--resume", "--verbose"],
            option => Assert.Contains(option, output.ToString(), StringComparison.Ordinal));
    }
}
