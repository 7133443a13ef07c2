namespace Rlhf.BackingServers.Packages;

/// <summary>Programs on PATH.</summary>
internal static class SearchPath
{
    /// <summary>The program's path with links followed to the file itself, or null when PATH has none.</summary>
    public static string? FindTarget(string program)
        => Find(program) is { } path ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : null;

    /// <summary>The program's path, or null when PATH has none. Where an ordinary user's PATH leaves sbin out, it is searched too.</summary>
    public static string? Find(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append("/usr/sbin")
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
