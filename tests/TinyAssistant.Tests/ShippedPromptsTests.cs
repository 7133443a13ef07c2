namespace Rlhf.TinyAssistant.Tests;

public sealed class ShippedPromptsTests
{
    private static readonly AnswerOracle Oracle = AnswerOracle.Default;

    [Fact]
    public void There_are_enough_of_each()
    {
        Assert.True(ShippedPrompts.Training.Count(prompt => prompt.Kind == "harmful") >= 200);
        Assert.True(ShippedPrompts.Training.Count(prompt => prompt.Kind == "harmless") >= 200);
        Assert.True(ShippedPrompts.Evaluation.Count(prompt => prompt.Kind == "harmful") >= 100);
        Assert.True(ShippedPrompts.Evaluation.Count(prompt => prompt.Kind == "harmless") >= 100);
    }

    [Fact]
    public void The_oracle_knows_them_and_agrees_on_their_kind()
    {
        foreach (var prompt in ShippedPrompts.Training.Concat(ShippedPrompts.Evaluation))
        {
            var reading = Oracle.Read(prompt.Prompt);
            Assert.True(reading is not null, prompt.Prompt);
            Assert.True(reading.IsHarmful == (prompt.Kind == "harmful"), prompt.Prompt);
        }
    }

    [Fact]
    public void Evaluation_is_disjoint_from_training_and_corpus_in_what_is_done_to_what()
    {
        var training = Goals(ShippedPrompts.Training);
        var evaluation = Goals(ShippedPrompts.Evaluation);
        var corpus = World.Default.Goals(ContentPart.Corpus).Select(goal => goal.Key).ToHashSet();
        Assert.Empty(training.Intersect(evaluation));
        Assert.Empty(training.Intersect(corpus));
        Assert.Empty(evaluation.Intersect(corpus));
        Assert.Empty(training.Select(Noun).Intersect(evaluation.Select(Noun)));
        Assert.True(evaluation.Count >= 200, $"{evaluation.Count} goals");

        static string Noun(string goal) => goal.Split(' ')[1];
    }

    private static HashSet<string> Goals(IEnumerable<WorldPrompt> prompts) =>
        [.. prompts.Select(prompt => Oracle.Read(prompt.Prompt) is { } reading ? $"{reading.Kind} {reading.Noun}" : "")];
}
