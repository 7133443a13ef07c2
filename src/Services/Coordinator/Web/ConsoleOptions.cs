namespace Rlhf.Coordinator.Web;

/// <summary>The web console. Configuration section "Console".</summary>
internal sealed record ConsoleOptions
{
    public const string Section = "Console";

    /// <summary>
    /// Further host names under which a browser may reach a console that listens on loopback, as behind a proxy on this
    /// machine. Any other name is refused there: a foreign page could have it resolve to this machine.
    /// </summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Look at every page once at the start, so that nobody's first look is slow.</summary>
    public bool WarmUp { get; init; } = true;
}
