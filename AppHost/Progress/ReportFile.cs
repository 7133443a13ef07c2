namespace Rlhf.AppHost.Progress;

/// <summary>Writes the report whole or not at all.</summary>
internal static class ReportFile
{
    public static async Task WriteAsync(string path, string json, CancellationToken cancellationToken)
    {
        var partial = path + ".partial";
        await File.WriteAllTextAsync(partial, json, cancellationToken);
        File.Move(partial, path, overwrite: true);
    }
}
