namespace Rlhf.Constitution.Tests;

public sealed class ConstitutionParserTests
{
    private const string Small = """
        name: small
        guidelines: Be good.
        principles:
          - id: one
            critiqueRequest: What is wrong?
            revisionRequest: Mend it.
          - id: two
            comparison: Which is better?
        revisionExamples:
          - "Human: hi\n\nAssistant: no\n\nCritiqueRequest: What?\n\nCritique: Rude.\n\nRevisionRequest: Mend.\n\nRevision: hello"
        comparisonExamples:
          - request: hi
            better: hello
            worse: no
        """;

    [Fact]
    public void Yaml_is_read()
    {
        var constitution = ConstitutionFile.Parse(Small, "small.yaml");
        Assert.Equal("small", constitution.Name);
        Assert.Equal("Be good.", constitution.Guidelines);
        Assert.Equal(["one"], constitution.RevisionPrinciples.Select(principle => principle.Id));
        Assert.Equal(["two"], constitution.ComparisonPrinciples.Select(principle => principle.Id));
        Assert.Equal("\n\nHuman: hi\n\nAssistant:", Assert.Single(constitution.ComparisonExamples).Transcript);
        Assert.Single(constitution.RevisionExamples);
    }

    [Fact]
    public void Json_is_the_same_form()
    {
        var json = """{"name": "small", "principles": [{"id": "two", "comparison": "Which is better?"}]}""";
        var yaml = "name: small\nprinciples:\n- {id: two, comparison: Which is better?}\n";
        Assert.Equal(ConstitutionFile.Parse(yaml, "a.yaml").Hash, ConstitutionFile.Parse(json, "a.json").Hash);
    }

    [Theory]
    [InlineData("name: x\nprinciple: []", "c.yaml, line 2: the constitution has the unknown key \"principle\"; known are name, principles, guidelines, revisionExamples, comparisonExamples, reasonedExamples")]
    [InlineData("name: x\nprinciples: []", "c.yaml, line 1: the constitution has no principles; list at least one under \"principles\"")]
    [InlineData("name: x\nprinciples: one", "c.yaml, line 2: the constitution needs a list under \"principles\"")]
    [InlineData("principles:\n- id: a\n  comparison: b", "c.yaml, line 1: the constitution lacks \"name\"; add it")]
    [InlineData("name: x\nprinciples:\n- id: a\n  comparision: b", "c.yaml, line 4: a principle has the unknown key \"comparision\"; known are id, critiqueRequest, revisionRequest, comparison")]
    [InlineData("name: x\nprinciples:\n- id: a\n  comparison: ''", "c.yaml, line 4: a principle needs a text that isn't empty under \"comparison\"")]
    [InlineData("name: x\nprinciples:\n- id: a\n  critiqueRequest: b", "c.yaml, line 3: a principle \"a\" has only one of critiqueRequest and revisionRequest; give both or neither")]
    [InlineData("name: x\nprinciples:\n- id: a", "c.yaml, line 3: a principle \"a\" asks for nothing; give it critiqueRequest and revisionRequest, or comparison, or all three")]
    [InlineData("name: x\nprinciples:\n- {id: a, comparison: b}\n- {id: a, comparison: c}", "c.yaml, line 1: the constitution names the principle \"a\" 2 times; give each its own id")]
    [InlineData("- x", "c.yaml, line 1: the constitution must be a mapping with the keys name, principles, guidelines, revisionExamples, comparisonExamples, reasonedExamples")]
    [InlineData("", "c.yaml: holds 0 documents; write exactly one, with the keys name, principles, guidelines, revisionExamples, comparisonExamples, reasonedExamples")]
    public void A_fault_is_one_sentence_with_line_and_remedy(string text, string message)
    {
        var error = Assert.Throws<ConstitutionFileException>(() => ConstitutionFile.Parse(text, "c.yaml"));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Broken_syntax_names_its_line()
    {
        var error = Assert.Throws<ConstitutionFileException>(() => ConstitutionFile.Parse("name: x\nprinciples: [\n", "c.yaml"));
        Assert.Matches("^c.yaml, line [23]: not readable as YAML or JSON", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<ConstitutionFileException>(() => ConstitutionFile.Load("/nowhere/c.yaml"));
        Assert.StartsWith("the constitution /nowhere/c.yaml can't be read", error.Message, StringComparison.Ordinal);
    }
}
