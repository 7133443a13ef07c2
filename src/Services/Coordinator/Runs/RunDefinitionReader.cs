using System.ComponentModel.DataAnnotations;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Rlhf.Coordinator.Runs;

/// <summary>
/// Reads run files (YAML, of which JSON is a part) and writes them: a name, and a list of stages, each naming its kind under
/// "stage" with its options beside it. Unknown keys and values out of range are errors.
/// </summary>
internal static class RunDefinitionReader
{
    /// <summary>Reads a definition.</summary>
    /// <exception cref="FormatException">What is wrong, with its line where that is known.</exception>
    public static RunDefinition Read(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count != 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
            {
                throw new FormatException("a run file is one mapping with 'name' and 'stages'");
            }

            foreach (var key in root.Children.Keys.Cast<YamlScalarNode>().Where(key => key.Value is not ("name" or "stages")))
            {
                throw new FormatException($"line {key.Start.Line}: unknown key '{key.Value}'; a run has 'name' and 'stages'");
            }

            if (!root.Children.TryGetValue("stages", out var list) || list is not YamlSequenceNode { Children.Count: > 0 } stages)
            {
                throw new FormatException("'stages' must be a list with at least one stage");
            }

            var name = root.Children.TryGetValue("name", out var node) && node is YamlScalarNode { Value.Length: > 0 } scalar ? scalar.Value : "custom";
            return Checked(new RunDefinition(name, [.. stages.Children.Select(ReadStage)]));
        }
        catch (YamlException exception)
        {
            throw new FormatException($"line {exception.Start.Line}: {exception.InnerException?.Message ?? exception.Message}", exception);
        }
    }

    /// <summary>Writes a definition with every option spelled out; reading it gives the same definition.</summary>
    public static string Write(RunDefinition definition)
    {
        var stages = definition.Stages.Select(stage =>
        {
            var options = new SortedDictionary<string, object?>(StringComparer.Ordinal);
            foreach (var property in stage.GetType().GetProperties().Where(property => property.CanWrite))
            {
                options[HyphenatedNamingConvention.Instance.Apply(property.Name)] = property.GetValue(stage);
            }

            return new Dictionary<string, object?> { ["stage"] = StageKinds.KindOf(stage) }
                .Concat(options).ToDictionary();
        });
        return new SerializerBuilder().WithEnumNamingConvention(HyphenatedNamingConvention.Instance).Build()
            .Serialize(new Dictionary<string, object> { ["name"] = definition.Name, ["stages"] = stages.ToList() });
    }

    private static StageOptions ReadStage(YamlNode node)
    {
        if (node is not YamlMappingNode mapping
            || !mapping.Children.TryGetValue("stage", out var kindNode)
            || kindNode is not YamlScalarNode { Value: { } kind })
        {
            throw new FormatException($"line {node.Start.Line}: a stage is a mapping that names its kind under 'stage'");
        }

        if (!StageKinds.OptionTypes.TryGetValue(kind, out var type))
        {
            throw new FormatException($"line {kindNode.Start.Line}: unknown stage '{kind}'; there are: {string.Join(", ", StageKinds.OptionTypes.Keys)}");
        }

        var options = new YamlMappingNode(mapping.Children.Where(pair => pair.Key is not YamlScalarNode { Value: "stage" }));
        var yaml = new StringWriter();
        new YamlStream(new YamlDocument(options)).Save(yaml, assignAnchors: false);
        try
        {
            var stage = (StageOptions)(new DeserializerBuilder()
                .WithNamingConvention(HyphenatedNamingConvention.Instance)
                .WithEnumNamingConvention(HyphenatedNamingConvention.Instance)
                .Build()
                .Deserialize(yaml.ToString(), type) ?? Activator.CreateInstance(type)!);
            return stage.Name.Length > 0 ? stage : stage with { Name = kind };
        }
        catch (YamlException exception)
        {
            throw new FormatException(
                $"stage '{kind}' at line {node.Start.Line}: {exception.InnerException?.Message ?? exception.Message}", exception);
        }
    }

    private static RunDefinition Checked(RunDefinition definition)
    {
        foreach (var stage in definition.Stages)
        {
            var faults = new List<ValidationResult>();
            if (!Validator.TryValidateObject(stage, new ValidationContext(stage), faults, validateAllProperties: true))
            {
                throw new FormatException($"stage '{stage.Name}': {string.Join("; ", faults.Select(fault => fault.ErrorMessage))}");
            }
        }

        var twice = definition.Stages.GroupBy(stage => stage.Name).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? definition : throw new FormatException($"two stages are named '{twice.Key}'; give one of them another 'name'");
    }
}
