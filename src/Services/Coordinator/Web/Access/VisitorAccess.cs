using System.Net;
using System.Net.Http.Headers;
using Microsoft.EntityFrameworkCore;
using Rlhf.Coordinator.Feedback;
using Rlhf.Coordinator.Ledger;

namespace Rlhf.Coordinator.Web.Access;

/// <summary>Finds out who a request comes from: a browser by its session cookie, a program by its token.</summary>
internal sealed class VisitorAccess(LabellerAccounts accounts, IDbContextFactory<LedgerContext> contexts)
{
    /// <summary>The session's secret. Never in an address, never readable by a script.</summary>
    public const string Cookie = "rlhf-session";

    // Sessions are never deleted: once there was one, there was one.
    private volatile bool _hasSession;

    public async Task<Visitor> FindAsync(HttpContext context, CancellationToken cancellationToken)
    {
        var labeller = (context.Request.Cookies[Cookie] ?? BearerToken(context.Request)) is { } secret ? await accounts.FindAsync(secret, cancellationToken) : null;
        var isLocal = context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address) && Visitor.IsLoopbackName(context.Request.Host.Host);
        return new Visitor(labeller, isLocal, isLocal && labeller is null && !await HasSessionAsync(cancellationToken));
    }

    /// <summary>Exchanges an invitation for a session and gives it to the browser; false where the invitation is not valid.</summary>
    public async Task<bool> SignInAsync(HttpContext context, string code, CancellationToken cancellationToken)
    {
        if (await accounts.RedeemInviteAsync(code, cancellationToken) is not { } session)
        {
            return false;
        }

        context.Response.Cookies.Append(Cookie, session.Secret, Options(context, session.ExpiresUnixMs));
        return true;
    }

    /// <summary>Ends the session of this browser.</summary>
    public async Task SignOutAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.Cookies[Cookie] is { } secret)
        {
            await accounts.EndAsync(secret, cancellationToken);
        }

        context.Response.Cookies.Delete(Cookie, Options(context, expiresUnixMs: null));
    }

    private static string? BearerToken(HttpRequest request) =>
        AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header) && header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            ? header.Parameter
            : null;

    private static CookieOptions Options(HttpContext context, long? expiresUnixMs) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        IsEssential = true,
        Path = "/",
        Expires = expiresUnixMs is { } expires ? DateTimeOffset.FromUnixTimeMilliseconds(expires) : null,
    };

    private async Task<bool> HasSessionAsync(CancellationToken cancellationToken)
    {
        if (!_hasSession)
        {
            await using var ledger = await contexts.CreateDbContextAsync(cancellationToken);
            _hasSession = await ledger.Credentials.AnyAsync(credential => credential.Kind == CredentialKind.Session, cancellationToken);
        }

        return _hasSession;
    }
}
