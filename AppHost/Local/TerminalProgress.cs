namespace Rlhf.AppHost.Local;

/// <summary>Says in the terminal what a resource is busy with.</summary>
internal sealed class TerminalProgress(string name) : IProgress<string>
{
    public void Report(string value) => Terminal.WriteLine($"{name}: {value}");
}
