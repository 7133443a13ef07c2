using System.Xml.Linq;

namespace Rlhf.Learner.Tests.CommandLine;

public sealed class PlotTests : IDisposable
{
    private readonly TinyFolder _folder = new();

    public PlotTests()
    {
        foreach (var run in (string[])["run-a", "run-b"])
        {
            Directory.CreateDirectory(_folder[run]);
            _folder.Write($"{run}/steps.jsonl", """{"step": 1, "reward": 0.1, "kl": 0}""", """{"step": 2, "reward": 0.4, "kl": 3}""", """{"step": 3, "kl": 4}""");
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Curves_of_several_trainings_become_one_picture()
    {
        var path = _folder["curves.svg"];
        var (exitCode, output, error) = TinyFolder.Run("plot", _folder["run-a"], _folder["run-b"], "--mark", "kl=5", "--output", path);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains(path, output, StringComparison.Ordinal);
        var texts = XDocument.Load(path).Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim()).ToArray();
        Assert.All((string[])["run-a", "run-b", "reward", "kl", "step"], text => Assert.Contains(text, texts));
    }

    [Theory]
    [InlineData(1, "No step of run-a has 'loss'; there are: step, reward, kl", "run-a", "--figures", "loss", "--output", "x.svg")]
    [InlineData(1, "can't be read", "absent", "--output", "x.svg")]
    [InlineData(2, "is no mark", "run-a", "--mark", "five", "--output", "x.svg")]
    public void A_plot_that_cannot_be_is_refused(int expectedCode, string expected, string folder, params string[] options)
    {
        var (exitCode, _, error) = TinyFolder.Run(["plot", _folder[folder], .. options]);
        Assert.Equal(expectedCode, exitCode);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
