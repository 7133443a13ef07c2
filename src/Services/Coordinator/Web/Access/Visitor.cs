using System.Net;
using Rlhf.Coordinator.Feedback;

namespace Rlhf.Coordinator.Web.Access;

/// <summary>Whoever has a page of the console open, and what they may do there.</summary>
/// <param name="Labeller">Their account; null where they are not signed in.</param>
/// <param name="IsLocal">They sit at this machine and reach the console as such.</param>
/// <param name="IsOwner">They are local, and nobody has ever signed in: the machine is theirs alone.</param>
internal sealed record Visitor(Labeller? Labeller, bool IsLocal, bool IsOwner)
{
    /// <summary>Whether they may look at runs, ratings and the ledger, and try models.</summary>
    public bool MayView => IsLocal || Labeller is not null;

    /// <summary>Whether they may start and stop runs.</summary>
    public bool MayOperate => IsOwner || Labeller is { Role: >= LabellerRole.Lead };

    /// <summary>The visitor of a request that the console's middleware has seen.</summary>
    public static Visitor Of(HttpContext? context) =>
        context?.Features.Get<Visitor>() ?? throw new InvalidOperationException("The request did not pass the console's access middleware.");

    /// <summary>Whether a name is one that only this machine's own programs reach it by.</summary>
    public static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
