using YamlDotNet.RepresentationModel;

namespace Rlhf.Constitution;

/// <summary>The named values of one YAML mapping; every complaint carries the source and the line.</summary>
internal sealed class YamlFields
{
    private readonly Dictionary<string, YamlNode> values = [];
    private readonly YamlNode node;
    private readonly string source;
    private readonly string what;

    /// <param name="node">Must be a mapping.</param>
    /// <param name="source">The file.</param>
    /// <param name="what">"a principle": what the mapping describes.</param>
    /// <param name="knownKeys">Separated by ", ". Any other is an error.</param>
    public YamlFields(YamlNode node, string source, string what, string knownKeys)
    {
        (this.node, this.source, this.what) = (node, source, what);
        if (node is not YamlMappingNode mapping)
        {
            throw Error($"must be a mapping with the keys {knownKeys}");
        }

        foreach (var (key, value) in mapping.Children)
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (!knownKeys.Split(", ").Contains(name, StringComparer.Ordinal))
            {
                throw Error($"has the unknown key \"{name}\"; known are {knownKeys}", key);
            }

            values[name] = value;
        }
    }

    public ConstitutionFileException Error(string complaint, YamlNode? place = null) =>
        new($"{source}, line {(place ?? node).Start.Line}: {what} {complaint}");

    public string? Optional(string key) => values.TryGetValue(key, out var value) ? Text(value, key) : null;

    public string Required(string key) => Optional(key) ?? throw Error($"lacks \"{key}\"; add it");

    /// <summary>The items under a key; none when the key is absent.</summary>
    public IEnumerable<YamlNode> List(string key)
    {
        if (!values.TryGetValue(key, out var value))
        {
            return [];
        }

        return value is YamlSequenceNode sequence ? sequence.Children : throw Error($"needs a list under \"{key}\"", value);
    }

    public IReadOnlyList<string> Texts(string key) => [.. List(key).Select(item => Text(item, key))];

    private string Text(YamlNode value, string key) =>
        value is YamlScalarNode { Value: { } text } && !string.IsNullOrWhiteSpace(text)
            ? text.Trim()
            : throw Error($"needs a text that isn't empty under \"{key}\"", value);
}
