using System.Runtime.InteropServices;

namespace Rlhf.BackingServers.Processes;

/// <summary>kill(2).</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>Sends a signal to a process, or to a process group when the target is negative. A target that is gone is no error.</summary>
    public static void Send(int target, int signal) => _ = SendSignal(target, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int target, int signal);
}
