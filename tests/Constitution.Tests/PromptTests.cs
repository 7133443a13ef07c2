namespace Rlhf.Constitution.Tests;

public sealed class PromptTests
{
    private const string Transcript = "\n\nHuman: How do I bake bread?\n\nAssistant:";
    private static readonly Principle Rule = new() { Id = "r", CritiqueRequest = "What is wrong?", RevisionRequest = "Mend it.", Comparison = "Which is better?" };
    private static readonly ConstitutionFile Plain = new() { Name = "plain", Principles = [Rule] };

    [Fact]
    public void Critique_prompt_extends_the_transcript() => Assert.Equal(
        "\n\nHuman: How do I bake bread?\n\nAssistant: With fire.\n\nCritiqueRequest: What is wrong?\n\nCritique:",
        CritiquePrompt.Render(Plain, Rule, Transcript, " With fire. "));

    [Fact]
    public void Revision_prompt_extends_the_critique() => Assert.Equal(
        "\n\nHuman: How do I bake bread?\n\nAssistant: With fire.\n\nCritiqueRequest: What is wrong?\n\nCritique: Too short.\n\nRevisionRequest: Mend it.\n\nRevision:",
        RevisionPrompt.Render(Plain, Rule, Transcript, "With fire.", "Too short."));

    [Fact]
    public void Comparison_prompt_ends_before_the_label() => Assert.Equal(
        "\n\nHuman: How do I bake bread?\n\nComparisonRequest: Which is better?\n\nOption A: With fire.\n\nOption B: Mix, knead, bake.\n\nBetter option:",
        ComparisonPrompt.Render(Plain, Rule, Transcript, "With fire.", "Mix, knead, bake."));

    [Fact]
    public void Comparison_examples_alternate_the_better_label()
    {
        var example = new ComparisonExample { Transcript = "\n\nHuman: hi\n\nAssistant:", Better = "good", Worse = "bad", Comparison = "Kinder?" };
        var constitution = Plain with { ComparisonExamples = [example, example with { Comparison = null }] };
        Assert.Equal(
            "\n\nHuman: hi\n\nComparisonRequest: Kinder?\n\nOption A: good\n\nOption B: bad\n\nBetter option: A"
            + "\n\nHuman: hi\n\nComparisonRequest: Which is better?\n\nOption A: bad\n\nOption B: good\n\nBetter option: B"
            + "\n\nHuman: How do I bake bread?\n\nComparisonRequest: Which is better?\n\nOption A: x\n\nOption B: y\n\nBetter option:",
            ComparisonPrompt.Render(constitution, Rule, Transcript, "x", "y"));
    }

    [Fact]
    public void Template_hash_follows_the_examples_and_not_the_principle()
    {
        var other = Plain with { Principles = [Rule with { Comparison = "Which is kinder?" }] };
        var shown = Plain with { ComparisonExamples = [new ComparisonExample { Transcript = Transcript, Better = "a", Worse = "b" }] };
        Assert.Equal(ComparisonPrompt.TemplateHash(Plain), ComparisonPrompt.TemplateHash(other));
        Assert.NotEqual(ComparisonPrompt.TemplateHash(Plain), ComparisonPrompt.TemplateHash(shown));
        Assert.NotEqual(CritiquePrompt.TemplateHash(Plain), RevisionPrompt.TemplateHash(Plain));
    }

    [Fact]
    public void What_cannot_be_asked_is_refused()
    {
        Assert.Throws<ArgumentException>(() => CritiquePrompt.Render(Plain, Rule, "Human: hi", "x"));
        Assert.Throws<ArgumentException>(() => CritiquePrompt.Render(Plain, Rule, Transcript, " "));
        Assert.Throws<ArgumentException>(() => CritiquePrompt.Render(Plain, Rule with { CritiqueRequest = null }, Transcript, "x"));
        Assert.Throws<ArgumentException>(() => ComparisonPrompt.Render(Plain, Rule with { Comparison = null }, Transcript, "x", "y"));
    }
}
