using Rlhf.Learner.CommandLine;

namespace Rlhf.Learner.Tests.CommandLine;

public sealed class ConfigTests : IDisposable
{
    private readonly TinyFolder _folder = new();

    public ConfigTests()
    {
        Directory.CreateDirectory(_folder["model"]);
        _folder.Write("data.jsonl", "{}");
    }

    public void Dispose() => _folder.Dispose();

    // The model folder is empty: whoever read it would say so.
    [Theory]
    [InlineData("line 4: unknown key 'epoch'; there are: ", "model: model", "output: out", "settings:", "  epoch: 3")]
    [InlineData("line 1: unknown key 'modle'; there are: ", "modle: model")]
    [InlineData("line 4: unknown key 'wieght'", "model: model", "output: out", "data:", "  - { file: data.jsonl, wieght: 2 }")]
    [InlineData("line 4: The field learning-rate must be between 1E-09 and 1.", "model: model", "output: out", "settings:", "  learning-rate: -1", "data: [{ file: data.jsonl }]")]
    [InlineData("line 3: ", "model: model", "output: out", "seed: many")]
    [InlineData("line 3: ", "model: model", "output: out", "seed: -1")]
    [InlineData("line 1: model is missing", "output: out", "data: [{ file: data.jsonl }]")]
    [InlineData("line 1: data is missing", "model: model", "output: out")]
    [InlineData("line 3: data: all files are held out", "model: model", "output: out", "data: [{ file: data.jsonl, held-out: true }]")]
    [InlineData("line 4: file: there is no file", "model: model", "output: out", "data:", "  - file: absent.jsonl")]
    [InlineData("line 1: model: there is no folder", "model: absent", "output: out", "data: [{ file: data.jsonl }]")]
    [InlineData("line 2: output: ", "model: model", "output: data.jsonl", "data: [{ file: data.jsonl }]")]
    [InlineData("line 3: max-bad-rows: 'few' is no limit", "model: model", "output: out", "max-bad-rows: few", "data: [{ file: data.jsonl }]")]
    [InlineData("line 2: ", "model: model", "model: other")]
    [InlineData("no YAML", "model: [", "output: }")]
    [InlineData("line 2: ", "model: model", "  output: out")]
    [InlineData("a config is one mapping", "- model")]
    [InlineData("has other things in it", "model: model", "output: model2", "data: [{ file: data.jsonl }]")]
    public void A_config_that_cannot_be_is_refused_with_its_line_before_anything_loads(string expected, params string[] lines)
    {
        Directory.CreateDirectory(_folder["model2"]);
        _folder.Write("model2/thesis.tex", "");
        var (exitCode, output, error) = TinyFolder.Run("sft", "--config", _folder.Write("bad.yaml", lines));
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_config_file_that_is_not_there_is_refused()
    {
        var (exitCode, _, error) = TinyFolder.Run("sft", "--config", _folder["absent.yaml"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("absent.yaml", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_folder_without_a_model_is_refused()
    {
        var (exitCode, _, error) = TinyFolder.Run("sft", "--config", _folder.Write("c.yaml", "model: model", "output: out", "data: [{ file: data.jsonl }]"));
        Assert.Equal(2, exitCode);
        Assert.Contains("add one of them", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("'--config' is required", "sft")]
    [InlineData("'--confog'", "sft", "--confog", "x")]
    [InlineData("Required command", "")]
    public void A_command_line_that_cannot_be_is_refused(string expected, params string[] args)
    {
        var (exitCode, _, error) = TinyFolder.Run([.. args.Where(arg => arg.Length > 0)]);
        Assert.Equal(2, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft", "warm-up-share:")]
    [InlineData("reward", "centring-weight:")]
    public void Help_lists_every_key_with_default_and_range(string method, string key)
    {
        var (exitCode, output, error) = TinyFolder.Run(method, "--help");
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("--config <FILE>", output, StringComparison.Ordinal);
        Assert.Contains(key, output, StringComparison.Ordinal);
        Assert.Matches(@"learning-rate: +0\.0005 \(1E-09 to 1\)", output);
    }

    [Fact]
    public void A_weight_repeats_rows_and_draws_the_rest()
    {
        int[] rows = [1, 2, 3, 4];
        Assert.Equal(rows, MixtureReader.Weighted(rows, 1, new Random(1)));
        var more = MixtureReader.Weighted(rows, 2.5, new Random(1));
        Assert.Equal([1, 2, 3, 4, 1, 2, 3, 4], more.Take(8));
        Assert.Equal(2, more.Skip(8).Distinct().Count());
        Assert.Equal(more, MixtureReader.Weighted(rows, 2.5, new Random(1)));
        Assert.Single(MixtureReader.Weighted(rows, 0.25, new Random(1)));
    }
}
