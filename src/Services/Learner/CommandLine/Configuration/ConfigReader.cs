using System.ComponentModel.DataAnnotations;
using System.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Rlhf.Learner.CommandLine.Configuration;

/// <summary>
/// Reads a config file (YAML, of which JSON is a part). Keys are the properties' names with hyphens; an unknown one, and a value that
/// cannot be, is refused with its line.
/// </summary>
internal static class ConfigReader
{
    private static readonly INamingConvention s_naming = HyphenatedNamingConvention.Instance;

    /// <summary>Reads a file.</summary>
    /// <returns>The config, with absolute paths, checked.</returns>
    /// <exception cref="ConfigException">What is wrong, with the line.</exception>
    public static T Read<T>(string path)
        where T : TrainingConfig, new()
    {
        try
        {
            var text = File.ReadAllText(path);
            if (Load(path, text) is not [{ RootNode: YamlMappingNode root }])
            {
                throw new ConfigException($"{path}: a config is one mapping of keys: {Keys(typeof(T))}.");
            }

            RequireKnownKeys(path, typeof(T), root);
            var config = new DeserializerBuilder().WithNamingConvention(s_naming).WithEnumNamingConvention(s_naming).WithDuplicateKeyChecking()
                .WithObjectFactory(DefaultsOf(new T())).Build().Deserialize<T>(text);
            var resolved = (T)config.Resolve(Path.GetDirectoryName(Path.GetFullPath(path)) ?? "");
            RequireValid(path, resolved, root);
            return resolved;
        }
        catch (YamlException exception)
        {
            throw new ConfigException($"{path}, line {exception.Start.Line}: {exception.InnerException?.Message ?? exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The config can't be read: {exception.Message}");
        }
    }

    /// <summary>The properties that a config file can set, by their keys.</summary>
    public static IReadOnlyDictionary<string, PropertyInfo> PropertiesOf(Type type) => type.GetProperties()
        .Where(property => property.SetMethod is not null)
        .OrderBy(property => property.DeclaringType == typeof(TrainingConfig) ? 0 : property.DeclaringType == type ? 2 : 1) // common ones first
        .ToDictionary(property => s_naming.Apply(property.Name));

    /// <summary>Whether a type is a mapping of keys itself.</summary>
    public static bool IsSection(Type type) => type.IsClass && type.Namespace?.StartsWith("Rlhf.", StringComparison.Ordinal) == true;

    // A section that a file gives in part keeps this config's own defaults for the rest.
    private static Func<Type, object> DefaultsOf(TrainingConfig config) => type =>
        PropertiesOf(config.GetType()).Values.FirstOrDefault(property => property.PropertyType == type)?.GetValue(config)
            ?? Activator.CreateInstance(type) ?? throw new InvalidOperationException($"{type} can't be made.");

    private static IList<YamlDocument> Load(string path, string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
            return stream.Documents;
        }
        catch (InvalidOperationException)
        {
            // The parser's way to refuse some texts with brackets that don't match; it knows no line then.
            throw new ConfigException($"{path} is no YAML; check its brackets and quotation marks.");
        }
    }

    private static string Keys(Type type) => string.Join(", ", PropertiesOf(type).Keys);

    private static void RequireKnownKeys(string path, Type type, YamlNode node)
    {
        if (type.IsArray && type.GetElementType() is { } element && IsSection(element) && node is YamlSequenceNode list)
        {
            foreach (var item in list.Children)
            {
                RequireKnownKeys(path, element, item);
            }
        }
        else if (IsSection(type) && node is YamlMappingNode mapping)
        {
            var properties = PropertiesOf(type);
            foreach (var (key, value) in mapping.Children)
            {
                var name = (key as YamlScalarNode)?.Value ?? "";
                RequireKnownKeys(
                    path,
                    properties.TryGetValue(name, out var property)
                        ? property.PropertyType
                        : throw new ConfigException($"{path}, line {key.Start.Line}: unknown key '{name}'; there are: {Keys(type)}."),
                    value);
            }
        }
    }

    private static void RequireValid(string path, object section, YamlNode node)
    {
        var children = (node as YamlMappingNode)?.Children.ToDictionary(child => ((YamlScalarNode)child.Key).Value ?? "") ?? [];
        var faults = new List<ValidationResult>();
        if (!Validator.TryValidateObject(section, new ValidationContext(section), faults, validateAllProperties: true))
        {
            throw new ConfigException(string.Join(" ", faults.Select(fault => Sentence(path, fault, node, children))));
        }

        foreach (var (key, property) in PropertiesOf(section.GetType()))
        {
            var value = property.GetValue(section);
            var place = children.TryGetValue(key, out var child) ? child.Value : node;
            if (value is object[] items && IsSection(items.GetType().GetElementType() ?? typeof(object)))
            {
                foreach (var (index, item) in items.Index())
                {
                    RequireValid(path, item, place is YamlSequenceNode list ? list.Children[index] : place);
                }
            }
            else if (value is not null && IsSection(value.GetType()))
            {
                RequireValid(path, value, place);
            }
        }
    }

    private static string Sentence(string path, ValidationResult fault, YamlNode node, Dictionary<string, KeyValuePair<YamlNode, YamlNode>> children)
    {
        if (fault.MemberNames.FirstOrDefault() is not { } member)
        {
            return $"{path}, line {node.Start.Line}: {fault.ErrorMessage}.";
        }

        var key = s_naming.Apply(member);
        var line = children.TryGetValue(key, out var child) ? child.Key.Start.Line : node.Start.Line;
        var message = (fault.ErrorMessage ?? "").TrimEnd('.');
        return message.Contains(member, StringComparison.Ordinal)
            ? $"{path}, line {line}: {message.Replace(member, key, StringComparison.Ordinal)}."
            : $"{path}, line {line}: {key}: {message}.";
    }
}
