using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Rlhf.ServiceDefaults;

/// <summary>
/// Knows callers by their API key: in <c>x-api-key</c>, as a bearer token, or as the password of basic authentication, which is what a
/// client sends that can be given a URL only (<c>http://NAME:KEY@host/…</c>). Refuses the others in the words of the protocol they speak.
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> schemes, ILoggerFactory loggers, UrlEncoder encoder, CallerOptions callers)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemes, loggers, encoder)
{
    public const string SchemeName = "ApiKey";
    private const string Refusal = "The call has no valid API key or token; send the header 'authorization: Bearer KEY' or 'x-api-key: KEY'.";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(KeyOf(Request) switch
    {
        null => AuthenticateResult.NoResult(),
        { } key when NameOf(key) is { } name => AuthenticateResult.Success(new AuthenticationTicket(
            new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], SchemeName)), SchemeName)),
        _ => AuthenticateResult.Fail("unknown key"),
    });

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            // An answer of headers only is gRPC's way to refuse.
            Response.ContentType = "application/grpc";
            Response.Headers["grpc-status"] = $"{(int)StatusCode.Unauthenticated}";
            Response.Headers["grpc-message"] = Refusal;
            return;
        }
        Response.Headers.WWWAuthenticate = "Bearer, Basic realm=\"api key as password\"";
        await Problems.Of(new RpcException(new Status(StatusCode.Unauthenticated, Refusal))).ExecuteAsync(Context);
    }

    /// <summary>The secret that a request brings, if any.</summary>
    internal static string? KeyOf(HttpRequest request)
    {
        if (request.Headers["x-api-key"] is [{ Length: > 0 } key])
        {
            return key;
        }
        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return authorization["Bearer ".Length..].Trim();
        }
        if (!authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        var bytes = new byte[authorization.Length];
        return Convert.TryFromBase64String(authorization["Basic ".Length..].Trim(), bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [_, { Length: > 0 } password] ? password : null;
    }

    // All hashes are compared, and each in constant time: how long it takes tells nothing of them.
    private string? NameOf(string key)
    {
        Span<byte> mine = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), mine);
        string? found = null;
        foreach (var (name, hash) in callers.ApiKeys)
        {
            found = CryptographicOperations.FixedTimeEquals(mine, Convert.FromHexString(hash)) ? name : found;
        }
        return found;
    }
}
