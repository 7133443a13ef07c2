namespace Rlhf.ServiceDefaults;

/// <summary>JSON web tokens that are taken. Section "Authentication:Jwt".</summary>
public sealed record TokenOptions
{
    /// <summary>The identity provider, whose keys are fetched from there (OpenID Connect discovery).</summary>
    public string Authority { get; init; } = "";

    /// <summary>Instead of an authority: the provider's public RSA key, a PEM file.</summary>
    public string PublicKeyFile { get; init; } = "";

    /// <summary>Who must have issued a token, with <see cref="PublicKeyFile"/>.</summary>
    public string Issuer { get; init; } = "";

    /// <summary>Whom a token must be meant for.</summary>
    public string Audience { get; init; } = "";

    /// <summary>Whether tokens are taken.</summary>
    public bool IsOn => Authority.Length > 0 || PublicKeyFile.Length > 0;
}
