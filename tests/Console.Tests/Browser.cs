using Microsoft.Playwright;
using Rlhf.Console.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(Browser))]

// One broker, whose queues each test begins with anew.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace Rlhf.Console.Tests;

/// <summary>One Chromium for all tests, started on first use: RLHF_CHROMIUM, or one that is installed. Tests skip where there is none.</summary>
public sealed class Browser : IAsyncDisposable
{
    private static readonly string[] _usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

    private readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> _started = new(StartAsync);

    /// <summary>A context of its own: no cookie of another test.</summary>
    /// <param name="width">Of the window.</param>
    /// <param name="isDark">Whether the system prefers dark.</param>
    public async Task<IBrowserContext> ContextAsync(int width = 1280, bool isDark = false)
    {
        Assert.SkipUnless(Executable() is not null, "No Chromium is installed; install one (apt-get install chromium) or set RLHF_CHROMIUM to its path.");
        var context = await (await _started.Value).Browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(15_000);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (_started.IsValueCreated)
        {
            var (playwright, browser) = await _started.Value;
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static string? Executable() =>
        Environment.GetEnvironmentVariable("RLHF_CHROMIUM") is { Length: > 0 } given ? given : _usual.FirstOrDefault(File.Exists);

    private static async Task<(IPlaywright, IBrowser)> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        return (playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable(),
            // Tests run as root in containers, where Chromium's own sandbox can't.
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
        }));
    }
}
