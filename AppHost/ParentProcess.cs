using System.Globalization;

namespace Rlhf.AppHost;

/// <summary>The process that started this one, where the system tells (Linux).</summary>
internal static class ParentProcess
{
    /// <summary>The parent's process id, or null where it cannot be told.</summary>
    public static int? Id()
    {
        const string Field = "PPid:";
        return File.Exists("/proc/self/status")
            && File.ReadLines("/proc/self/status").FirstOrDefault(static line => line.StartsWith(Field, StringComparison.Ordinal)) is { } line
                ? int.Parse(line.AsSpan(Field.Length).Trim(), CultureInfo.InvariantCulture)
                : null;
    }

    /// <summary>
    /// The parent, when it is <c>dotnet run</c>: that passes signals on, but cannot when it is killed. Any other parent (a shell
    /// that is closed, say) may end without ending this program.
    /// </summary>
    public static int? DotnetRun()
        => Id() is { } parent
            && File.Exists($"/proc/{parent}/cmdline")
            && File.ReadAllText($"/proc/{parent}/cmdline").Split('\0') is [var program, "run", ..]
            && Path.GetFileName(program) == "dotnet"
                ? parent
                : null;
}
