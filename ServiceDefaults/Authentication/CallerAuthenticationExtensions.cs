using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.Tokens;

namespace Rlhf.ServiceDefaults;

/// <summary>Authentication of a service's callers, by API key or token.</summary>
public static partial class CallerAuthenticationExtensions
{
    private const string EitherScheme = "Callers";

    /// <summary>
    /// Takes API keys and tokens as the section "Authentication" says. Where it says anything, every endpoint wants one of them, but for
    /// the health checks.
    /// </summary>
    public static void AddCallerAuthentication(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddValidatedOptions<CallerOptions>(CallerOptions.Section);
        var callers = builder.Configuration.GetSection(CallerOptions.Section).Get<CallerOptions>() ?? new CallerOptions();
        if (!callers.IsOn)
        {
            return;
        }
        var authentication = builder.Services.AddAuthentication(EitherScheme)
            .AddPolicyScheme(EitherScheme, EitherScheme, options =>
            {
                options.ForwardDefaultSelector = context => callers.Jwt.IsOn && IsToken(ApiKeyHandler.KeyOf(context.Request))
                    ? JwtBearerDefaults.AuthenticationScheme
                    : ApiKeyHandler.SchemeName;
                options.ForwardChallenge = ApiKeyHandler.SchemeName;
            })
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, static _ => { });
        if (callers.Jwt.IsOn)
        {
            authentication.AddJwtBearer(options => Configure(options, callers.Jwt));
        }
        builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
    }

    /// <summary>Says at start when callers aren't authenticated, and allows that on loopback only.</summary>
    /// <exception cref="StartupException">The service would listen on the network and take calls from anybody.</exception>
    public static void RequireCallersOnNetwork(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (app.Services.GetRequiredService<CallerOptions>().IsOn)
        {
            return;
        }
        if (Addresses(app.Configuration).FirstOrDefault(static address => !IsLoopback(address)) is { } open)
        {
            throw new StartupException(
                $"'{open}' can be reached from the network, and callers are not authenticated; set {CallerOptions.Section}:ApiKeys:NAME to the SHA-256 of a "
                + $"random key (printf %s \"$KEY\" | sha256sum) or {CallerOptions.Section}:Jwt, or listen on 127.0.0.1.");
        }
        LogOff(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(CallerAuthenticationExtensions)));
    }

    private static void Configure(JwtBearerOptions options, TokenOptions jwt)
    {
        options.MapInboundClaims = false;
        options.Audience = jwt.Audience;
        options.TokenValidationParameters.NameClaimType = "sub";
        if (jwt.Authority.Length > 0)
        {
            options.Authority = jwt.Authority;
            return;
        }
        try
        {
            var key = RSA.Create();
            key.ImportFromPem(File.ReadAllText(jwt.PublicKeyFile));
            options.TokenValidationParameters.IssuerSigningKey = new RsaSecurityKey(key);
            options.TokenValidationParameters.ValidIssuer = jwt.Issuer;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"{CallerOptions.Section}:Jwt:PublicKeyFile '{jwt.PublicKeyFile}' is no public RSA key in PEM ({exception.Message}).", exception);
        }
    }

    // Three parts of base64url and dots: a random key in base64 has no dots.
    private static bool IsToken(string? secret) => secret?.Count(static character => character == '.') == 2;

    private static IEnumerable<string> Addresses(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(static endpoint => endpoint["Url"])
            .Concat(configuration["urls"]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
            .Concat(Ports(configuration, "http")).Concat(Ports(configuration, "https"))
            .OfType<string>();

    private static IEnumerable<string> Ports(IConfiguration configuration, string scheme) =>
        configuration[$"{scheme}_ports"]?.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(port => $"{scheme}://*:{port}") ?? [];

    private static bool IsLoopback(string address)
    {
        var host = BindingAddress.Parse(address) is { IsUnixPipe: false } parsed ? parsed.Host.Trim('[', ']') : "localhost";
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Callers are not authenticated; the service listens on loopback only")]
    private static partial void LogOff(ILogger logger);
}
