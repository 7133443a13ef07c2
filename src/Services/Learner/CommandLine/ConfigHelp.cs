using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using Rlhf.Learner.CommandLine.Configuration;
using YamlDotNet.Serialization.NamingConventions;

namespace Rlhf.Learner.CommandLine;

/// <summary>The keys of a config with their defaults and ranges, for --help.</summary>
internal static class ConfigHelp
{
    private const int KeyWidth = 26;

    /// <summary>One line a key.</summary>
    /// <param name="defaults">A config as it is when a file says nothing.</param>
    public static string Of(TrainingConfig defaults)
    {
        var help = new StringBuilder("Its keys, with defaults:");
        Add(help, defaults, indent: 2);
        return help.ToString();
    }

    private static void Add(StringBuilder help, object section, int indent)
    {
        foreach (var (key, property) in ConfigReader.PropertiesOf(section.GetType()))
        {
            var value = property.GetValue(section);
            help.Append(CultureInfo.InvariantCulture, $"\n{new string(' ', indent)}{(key + ":").PadRight(KeyWidth - indent)}");
            if (property.PropertyType.GetElementType() is { } element && ConfigReader.IsSection(element))
            {
                help.Append("a list of");
                Add(help, Activator.CreateInstance(element) ?? throw new InvalidOperationException($"{element} has no defaults."), indent + 2);
            }
            else if (value is not null && ConfigReader.IsSection(value.GetType()))
            {
                Add(help, value, indent + 2);
            }
            else
            {
                help.Append(CultureInfo.InvariantCulture, $"{Text(value)}{Bounds(property)}");
            }
        }
    }

    private static string Text(object? value) => value switch
    {
        null or "" or ICollection { Count: 0 } => "",
        bool flag => flag ? "true" : "false",
        Enum choice => HyphenatedNamingConvention.Instance.Apply(choice.ToString()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Bounds(PropertyInfo property) =>
        property.GetCustomAttribute<RangeAttribute>() is { } range ? string.Create(CultureInfo.InvariantCulture, $" ({range.Minimum} to {range.Maximum})")
        : property.GetCustomAttribute<RequiredAttribute>() is not null ? "(required)"
        : property.PropertyType.IsEnum ? $" ({string.Join(", ", Enum.GetNames(property.PropertyType).Select(HyphenatedNamingConvention.Instance.Apply))})"
        : "";
}
