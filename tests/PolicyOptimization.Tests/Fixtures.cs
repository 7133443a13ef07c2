using System.Text.Json;

namespace Rlhf.PolicyOptimization.Tests;

/// <summary>Published reference numbers, outside the product.</summary>
internal static class Fixtures
{
    /// <summary>One named vector of numeric/rlhf_vectors.dev.json; skips the test where the file is not there.</summary>
    public static JsonElement Vector(string name) =>
        Vectors().Single(vector => vector.GetProperty("name").GetString() == name);

    /// <summary>All of them; skips the test where the file is not there.</summary>
    public static IReadOnlyList<JsonElement> Vectors()
    {
        var path = Path.Combine(Folder(), "numeric", "rlhf_vectors.dev.json");
        Assert.SkipUnless(File.Exists(path), $"The fixtures are not here: {path} does not exist (set RLHF_FIXTURES).");
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(vector => vector.Clone())];
    }

    private static string Folder()
    {
        if (Environment.GetEnvironmentVariable("RLHF_FIXTURES") is { Length: > 0 } given)
        {
            return given;
        }

        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "RlhfServices.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return Path.Combine(folder ?? ".", "..", "shared", "fixtures");
    }
}
