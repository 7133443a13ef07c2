namespace Rlhf.Architecture.Tests;

public sealed class HouseRuleTests
{
    private const int MaxProgramLines = 40;
    private const int MaxFileLines = 300;

    [Fact]
    public void Programs_hold_only_wiring()
        => Assert.Empty(LongerThan(MaxProgramLines, Repository.SourceFiles.Where(static file => Path.GetFileName(file) == "Program.cs")));

    [Fact]
    public void No_file_is_too_long_to_read_at_once() => Assert.Empty(LongerThan(MaxFileLines, Repository.SourceFiles.Where(static file => !IsGenerated(file))));

    [Fact]
    public void Every_project_and_test_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "RlhfServices.sln")).Replace('\\', '/');
        var missing = new[] { "AppHost", "ServiceDefaults", "src", "tests" }
            .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories))
            .Select(static path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Where(path => !solution.Contains($"\"{path}\"", StringComparison.Ordinal));

        Assert.Empty(missing);
    }

    // Migrations, which dotnet ef writes; their one file of our own is beside those folders.
    private static bool IsGenerated(string file) => Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file))) == "Migrations";

    private static IEnumerable<string> LongerThan(int lines, IEnumerable<string> files)
        => from file in files
           let count = File.ReadLines(file).Count()
           where count > lines
           select $"{Path.GetRelativePath(Repository.Root, file)} has {count} lines; {lines} is the most.";
}
