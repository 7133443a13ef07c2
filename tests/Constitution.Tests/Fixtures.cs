namespace Rlhf.Constitution.Tests;

/// <summary>Where the published files are; a test skips where they are not.</summary>
internal static class Fixtures
{
    public static string Find(string relative)
    {
        var root = Environment.GetEnvironmentVariable("RLHF_FIXTURES");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); root is null && folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RlhfServices.sln")))
            {
                root = Path.Combine(folder.FullName, "..", "shared", "fixtures");
            }
        }

        var path = Path.Combine(root ?? "", relative);
        Assert.SkipUnless(Path.Exists(path), $"the fixture {relative} is not here (RLHF_FIXTURES names its folder)");
        return path;
    }
}
