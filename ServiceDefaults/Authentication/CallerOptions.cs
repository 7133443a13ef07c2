using System.ComponentModel.DataAnnotations;

namespace Rlhf.ServiceDefaults;

/// <summary>Who may call a service. Configuration section "Authentication". With neither keys nor tokens, only loopback may be listened on.</summary>
public sealed record CallerOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Authentication";

    /// <summary>
    /// API keys: a name for each caller, and the SHA-256 of its key in hex. The key itself is nowhere in the configuration; it must be random,
    /// with 128 bits or more, so that its hash tells nothing.
    /// </summary>
    public Dictionary<string, string> ApiKeys { get; init; } = [];

    /// <summary>Tokens of an identity provider.</summary>
    public TokenOptions Jwt { get; init; } = new();

    /// <summary>Whether callers are told apart at all.</summary>
    public bool IsOn => ApiKeys.Count > 0 || Jwt.IsOn;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, hash) in ApiKeys)
        {
            if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit))
            {
                yield return new ValidationResult(
                    $"{Section}:ApiKeys:{name} must be the SHA-256 of the key, 64 hex digits, not the key itself: printf %s \"$KEY\" | sha256sum.");
            }
        }
        if (Jwt.IsOn && Jwt.Audience.Length == 0)
        {
            yield return new ValidationResult($"{Section}:Jwt:Audience is not set; without it, tokens meant for others would be taken.");
        }
        if (Jwt.PublicKeyFile.Length > 0 && Jwt.Issuer.Length == 0)
        {
            yield return new ValidationResult($"{Section}:Jwt:Issuer is not set; it goes with PublicKeyFile.");
        }
    }
}
