using System.Diagnostics;
using System.Globalization;

namespace Rlhf.ServiceDefaults;

/// <summary>
/// Ends this process when the one that started it is gone, even when that one was killed without a chance to stop its
/// children. It has a thread of its own, so that a busy thread pool or a long start cannot hold it up.
/// </summary>
internal sealed class ParentWatch : IDisposable
{
    /// <summary>The setting that names the process to watch.</summary>
    public const string Key = "RLHF_PARENT_PID";

    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _grace = TimeSpan.FromSeconds(3);

    private readonly Process? _parent;
    private readonly ManualResetEventSlim _disposed = new();
    private volatile IHostApplicationLifetime? _lifetime;

    private ParentWatch(Process? parent)
    {
        _parent = parent;
        new Thread(Watch) { IsBackground = true, Name = "parent watch" }.Start();
    }

    /// <summary>Starts watching, or returns null when nothing is to be watched.</summary>
    /// <exception cref="StartupException">The setting is not a process id.</exception>
    public static ParentWatch? Start(IConfiguration configuration)
    {
        if (configuration[Key] is not { Length: > 0 } setting)
        {
            return null;
        }

        return int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
            ? new ParentWatch(Find(processId))
            : throw new StartupException($"{Key} is '{setting}', which is not a process id.");
    }

    /// <summary>From now on the application is asked to stop first, and has a few seconds for it.</summary>
    public void StopGracefully(IHostApplicationLifetime lifetime) => _lifetime = lifetime;

    /// <summary>Stops watching.</summary>
    public void Dispose() => _disposed.Set();

    private static Process? Find(int processId)
    {
        try
        {
            return Process.GetProcessById(processId);
        }
        catch (ArgumentException)
        {
            return null; // already gone
        }
    }

    private void Watch()
    {
        while (_parent is { HasExited: false })
        {
            if (_disposed.Wait(_interval))
            {
                _parent.Dispose();
                return;
            }
        }

        _lifetime?.StopApplication();
        if (_lifetime is null || !_disposed.Wait(_grace))
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
    }
}
