using System.Xml.Linq;

namespace Rlhf.Architecture.Tests;

/// <summary>What a csproj file says about what the project uses.</summary>
/// <param name="Name">The file's name without extension.</param>
/// <param name="Folder">Where it is.</param>
/// <param name="References">Names of projects whose code it uses.</param>
/// <param name="Resources">Names of projects it starts without using their code.</param>
/// <param name="Packages">Names of packages, shared frameworks and the project SDK.</param>
/// <param name="HasTorch">Whether it imports eng/Torch.props.</param>
internal sealed record ProjectFile(
    string Name, string Folder, IReadOnlySet<string> References, IReadOnlySet<string> Resources, IReadOnlySet<string> Packages, bool HasTorch)
{
    public static ProjectFile Read(string path)
    {
        var root = XDocument.Load(path).Root ?? throw new InvalidDataException($"{path} is empty.");
        var name = Path.GetFileNameWithoutExtension(path);
        var referenced = root.Descendants("ProjectReference")
            .ToLookup(static element => element.Attribute("IsAspireProjectResource")?.Value != "false", static element => NameOf(Include(element)));
        // Only AppHost starts projects; everywhere else a reference is a use.
        var isAppHost = name == "AppHost";
        return new ProjectFile(
            name,
            Path.GetDirectoryName(path) ?? "",
            (isAppHost ? referenced[false] : referenced[false].Concat(referenced[true])).ToHashSet(),
            (isAppHost ? referenced[true] : []).ToHashSet(),
            root.Descendants("PackageReference").Concat(root.Descendants("FrameworkReference")).Select(Include)
                .Append(root.Attribute("Sdk")?.Value ?? "").ToHashSet(),
            root.Descendants("Import").Any(static import => Include(import, "Project").EndsWith("eng/Torch.props", StringComparison.Ordinal)));
    }

    private static string Include(XElement element) => Include(element, "Include");

    private static string Include(XElement element, string attribute) => element.Attribute(attribute)?.Value.Replace('\\', '/') ?? "";

    private static string NameOf(string reference) => Path.GetFileNameWithoutExtension(reference);
}
