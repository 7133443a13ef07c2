using System.Diagnostics;
using Rlhf.AppHost.Options;
using Rlhf.Tests;

namespace Rlhf.AppHost.Tests;

/// <summary>The real program with the real services, in a data folder of its own by which its processes are known.</summary>
internal sealed class AppHostProcess : IDisposable
{
    private static readonly TimeSpan _startTimeout = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("rlhf-apphost-test-");
    private readonly Process _process;

    public AppHostProcess(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Rlhf.AppHost.dll");
        var start = SampleServiceFiles.Start();
        start.ArgumentList.Clear();
        foreach (var argument in (string[])[program, .. arguments.Contains("--data") ? [] : (string[])["--data", _data.FullName], .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("The program did not start.");
    }

    public Process Process => _process;

    /// <summary>The shipped model, or whatever model there is to start services with.</summary>
    public static string? ModelPath { get; } = new[]
    {
        Path.Combine(AppHostOptions.RepositoryRoot, "src", "Models", "TinyAssistant", "model"),
        Path.Combine(AppHostOptions.RepositoryRoot, "..", "shared", "fixtures", "models", "stories260K", "hf"),
    }.FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "config.json")));

    /// <summary>Ids of running processes, the program's own left out, whose environment names the data folder.</summary>
    public IReadOnlyList<int> Children() =>
    [
        .. from folder in Directory.GetDirectories("/proc")
           where int.TryParse(Path.GetFileName(folder), out var id) && id != _process.Id && Names(folder, _data.FullName)
           select int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture),
    ];

    /// <summary>The environment that a running process was started with.</summary>
    public static IReadOnlyDictionary<string, string> EnvironmentOf(int processId) => File.ReadAllText($"/proc/{processId}/environ")
        .Split('\0', StringSplitOptions.RemoveEmptyEntries)
        .Select(static variable => variable.Split('=', 2))
        .Where(static variable => variable.Length == 2)
        .ToDictionary(static variable => variable[0], static variable => variable[1]);

    /// <summary>Waits for a line of the program that holds the text.</summary>
    public async Task WaitForLineAsync(string text, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_startTimeout);
        while (await _process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The program ended before it said '{text}': {await _process.StandardError.ReadToEndAsync(timeout.Token)}");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
        _data.Delete(recursive: true);
    }

    private static bool Names(string processFolder, string text)
    {
        try
        {
            return File.ReadAllText(Path.Combine(processFolder, "environ")).Contains(text, StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // gone meanwhile, or somebody else's
        }
    }
}
