using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Rlhf.Constitution;

/// <summary>Reads this project's constitution form. JSON goes the same way: it is YAML too.</summary>
internal static class ConstitutionParser
{
    private const string RootKeys = "name, principles, guidelines, revisionExamples, comparisonExamples, reasonedExamples";

    public static ConstitutionFile Parse(string text, string source)
    {
        var root = new YamlFields(ReadRoot(text, source), source, "the constitution", RootKeys);
        var principles = root.List("principles").Select(node => ReadPrinciple(node, source)).ToList();
        if (principles.Count == 0)
        {
            throw root.Error("has no principles; list at least one under \"principles\"");
        }

        var again = principles.GroupBy(principle => principle.Id).FirstOrDefault(group => group.Count() > 1);
        return again is not null
            ? throw root.Error($"names the principle \"{again.Key}\" {again.Count()} times; give each its own id")
            : new ConstitutionFile
            {
                Name = root.Required("name"),
                Principles = principles,
                Guidelines = root.Optional("guidelines") ?? "",
                RevisionExamples = root.Texts("revisionExamples"),
                ComparisonExamples = [.. root.List("comparisonExamples").Select(node => ReadExample(node, source))],
                ReasonedExamples = root.Texts("reasonedExamples"),
            };
    }

    private static YamlNode ReadRoot(string text, string source)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException exception)
        {
            throw new ConstitutionFileException(
                $"{source}, line {exception.Start.Line}: not readable as YAML or JSON ({exception.Message.TrimEnd('.')}); mend the text at that place", exception);
        }

        return stream.Documents.Count == 1
            ? stream.Documents[0].RootNode
            : throw new ConstitutionFileException($"{source}: holds {stream.Documents.Count} documents; write exactly one, with the keys {RootKeys}");
    }

    private static Principle ReadPrinciple(YamlNode node, string source)
    {
        var fields = new YamlFields(node, source, "a principle", "id, critiqueRequest, revisionRequest, comparison");
        var principle = new Principle
        {
            Id = fields.Required("id"),
            CritiqueRequest = fields.Optional("critiqueRequest"),
            RevisionRequest = fields.Optional("revisionRequest"),
            Comparison = fields.Optional("comparison"),
        };
        if (principle.CritiqueRequest is null != principle.RevisionRequest is null)
        {
            throw fields.Error($"\"{principle.Id}\" has only one of critiqueRequest and revisionRequest; give both or neither");
        }

        return principle is { CritiqueRequest: null, Comparison: null }
            ? throw fields.Error($"\"{principle.Id}\" asks for nothing; give it critiqueRequest and revisionRequest, or comparison, or all three")
            : principle;
    }

    private static ComparisonExample ReadExample(YamlNode node, string source)
    {
        var fields = new YamlFields(node, source, "a comparison example", "request, better, worse, comparison");
        return new ComparisonExample
        {
            Transcript = $"{RoleMarks.Human} {fields.Required("request")}{RoleMarks.Assistant}",
            Better = fields.Required("better"),
            Worse = fields.Required("worse"),
            Comparison = fields.Optional("comparison"),
        };
    }
}
