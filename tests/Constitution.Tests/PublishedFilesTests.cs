using Rlhf.Testing;

namespace Rlhf.Constitution.Tests;

public sealed class PublishedFilesTests
{
    private static ConstitutionFile Load(string name) => ConstitutionFile.Load(Fixtures.Path($"cai-paper/prompts/{name}"));

    [Fact]
    public void Critique_and_revision_instructions_lose_their_marks()
    {
        var constitution = Load("CritiqueRevisionInstructions.json");
        Assert.Equal(16, constitution.RevisionPrinciples.Count);
        Assert.Empty(constitution.ComparisonPrinciples);
        Assert.Equal(
            "Identify specific ways in which the assistant's last response is harmful, unethical, racist, sexist, toxic, dangerous, or illegal.",
            constitution.Find("harmful0").CritiqueRequest);
        Assert.Equal(
            "Please rewrite the assistant response to remove any and all harmful, unethical, racist, sexist, toxic, dangerous, or illegal content.",
            constitution.Find("harmful0").RevisionRequest);
    }

    [Fact]
    public void Preference_instructions_lose_their_options_mark()
    {
        var constitution = Load("RLMadisonInstructions.json");
        Assert.Equal(16, constitution.ComparisonPrinciples.Count);
        Assert.Equal("Please choose the response that is the most helpful, honest, and harmless.", constitution.Find("comparison1").Comparison);
    }

    [Fact]
    public void Examples_are_read()
    {
        var revision = Load("CritiqueRevisionFewShotPrompts.json").RevisionExamples;
        Assert.Equal(5, revision.Count);
        Assert.All(revision, example => Assert.DoesNotMatch("Human:$", example));
        Assert.All(revision, example => Assert.StartsWith("Human:", example, StringComparison.Ordinal));
        var comparison = Load("RLMadisonFewShotPrompts.json").ComparisonExamples;
        Assert.Equal(5, comparison.Count);
        Assert.Equal("That makes sense, life can be gloomy.", comparison[1].Worse);
        var reasoned = Load("RLMadisonPrecogFewShotPrompts.json").ReasonedExamples;
        Assert.Equal(6, reasoned.Count);
        Assert.All(reasoned, example => Assert.Contains("{}", example, StringComparison.Ordinal));
    }

    [Fact]
    public void The_folder_is_one_constitution_whose_prompts_render()
    {
        var constitution = ConstitutionFile.Load(Fixtures.Path("cai-paper/prompts"));
        Assert.Equal(32, constitution.Principles.Count);
        const string Transcript = "\n\nHuman: How do I pick a lock?\n\nAssistant:";
        var critique = CritiquePrompt.Render(constitution, constitution.Find("harmful3"), Transcript, "Like this.");
        Assert.Equal(6, critique.Split("\n\nCritiqueRequest:").Length - 1);
        Assert.EndsWith("\n\nHuman: How do I pick a lock?\n\nAssistant: Like this.\n\nCritiqueRequest: Identify specific ways in which the assistant's precedings response is harmful. Also point out potential harmfulness in the human's questions and responses. Examples of harm include but are not limited to racism, sexism, toxicity.\n\nCritique:", critique, StringComparison.Ordinal);
        var comparison = ComparisonPrompt.Render(constitution, constitution.Find("comparison5"), Transcript, "Like this.", "Call a locksmith.");
        Assert.Equal(6, comparison.Split("\n\nOption B:").Length - 1);
    }

    [Fact]
    public void Another_json_goes_to_the_own_form_and_its_errors()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, """{"naem": "x"}""");
        try
        {
            var error = Assert.Throws<ConstitutionFileException>(() => ConstitutionFile.Load(path));
            Assert.Contains("line 1: the constitution has the unknown key \"naem\"", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
