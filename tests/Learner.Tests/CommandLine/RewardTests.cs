using Rlhf.Learner.CommandLine.Rewards;
using Rlhf.Learner.Training;

namespace Rlhf.Learner.Tests.CommandLine;

public sealed class RewardTests
{
    [Theory]
    [InlineData("He ran. She sat down. They all went to the big park together.", 2.0 / 3)]
    [InlineData("He ran! Why? I know", 2.0 / 3)] // the last one is not finished
    [InlineData("He ran.", 1)]
    [InlineData("... !! ?", 0)] // marks alone are no sentences to be had for free
    [InlineData("He ran... She sat.", 1)]
    [InlineData("It was 3 o'clock.", 1)]
    [InlineData("one two three four five.", 0)]
    [InlineData("", 0)]
    [InlineData("no end", 0)]
    public void Share_of_short_sentences_counts_words(string text, double expected)
    {
        using var reward = new ShortSentences(4);
        Assert.Equal(expected, Assert.Single(reward.Score([new("p", text, [])], TestContext.Current.CancellationToken)), 1e-12);
    }

    [Fact]
    public void A_command_gets_each_response_as_a_line_and_answers_a_number_a_line()
    {
        // The lengths of the lines: {"prompt":"p","response":"…"} has 28 letters beside the response.
        double[] scores = Command("while read -r line; do echo ${#line}; done", Responses("a", "bc", "\n"));
        Assert.Equal([29, 30, 30], scores);
    }

    [Fact]
    public void A_command_may_read_all_before_it_answers()
    {
        var many = Responses([.. Enumerable.Range(0, 5000).Select(i => new string('x', 100))]);
        Assert.Equal(many.Length, Command("wc -l | xargs seq", many).Length);
    }

    [Theory]
    [InlineData("exit code 3: no such luck", "cat > /dev/null; echo no such luck >&2; exit 3")]
    [InlineData("exit code 3", "exit 3")]
    [InlineData("wrote 1 numbers for 2 responses", "cat > /dev/null; echo 1")]
    [InlineData("wrote 'NaN', which is no finite number", "cat > /dev/null; echo 1; echo NaN")]
    [InlineData("wrote 'good', which is no finite number", "cat > /dev/null; echo 1; echo good")]
    public void A_command_that_fails_is_an_error_and_never_a_score(string expected, string script) =>
        Assert.Contains(expected, Assert.Throws<TrainingException>(() => Command(script, Responses("a", "b"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_command_that_is_not_there_is_an_error()
    {
        using var reward = new CommandReward(["no-such-program-here"]);
        Assert.Contains("can't be started", Assert.Throws<TrainingException>(() => reward.Score(Responses("a"), CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    private static double[] Command(string script, SampledResponse[] responses)
    {
        using var reward = new CommandReward(["sh", "-c", script]);
        return reward.Score(responses, TestContext.Current.CancellationToken);
    }

    private static SampledResponse[] Responses(params string[] texts) => [.. texts.Select(text => new SampledResponse("p", text, []))];
}
