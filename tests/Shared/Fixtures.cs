using System.Runtime.CompilerServices;

namespace Rlhf.Testing;

/// <summary>Where the reference data lies: RLHF_FIXTURES, else ../shared/fixtures beside the repository.</summary>
internal static class Fixtures
{
    /// <summary>The path of a fixture. The test is skipped, with the reason, where it is absent.</summary>
    public static string Path(string relative)
    {
        var root = Environment.GetEnvironmentVariable("RLHF_FIXTURES")
            ?? System.IO.Path.Combine(RepositoryRoot(), "..", "shared", "fixtures");
        var path = System.IO.Path.GetFullPath(System.IO.Path.Combine(root, relative));
        Assert.SkipUnless(System.IO.Path.Exists(path), $"{path} is not there; set RLHF_FIXTURES to the folder of reference data.");
        return path;
    }

    /// <summary>The folder that holds RlhfServices.sln.</summary>
    public static string RepositoryRoot([CallerFilePath] string thisFile = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(thisFile) ?? "", "..", ".."));
}
