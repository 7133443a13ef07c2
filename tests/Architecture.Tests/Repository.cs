using System.Reflection;

namespace Rlhf.Architecture.Tests;

/// <summary>The repository that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(static attribute => attribute.Key == "RepositoryRoot").Value ?? throw new InvalidOperationException("RepositoryRoot is empty.");

    /// <summary>Every project of the product, tests left out, by name.</summary>
    public static IReadOnlyDictionary<string, ProjectFile> Projects { get; } = new[] { "AppHost", "ServiceDefaults", "src" }
        .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories))
        .Select(ProjectFile.Read)
        .ToDictionary(static project => project.Name);

    /// <summary>Every C# file of the product, tests left out.</summary>
    public static IEnumerable<string> SourceFiles => Projects.Values
        .SelectMany(static project => Directory.EnumerateFiles(project.Folder, "*.cs", SearchOption.AllDirectories))
        .Distinct();
}
