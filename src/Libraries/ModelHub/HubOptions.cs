namespace Rlhf.ModelHub;

/// <summary>Where models come from and where they are kept; the same variables as the Python client's.</summary>
public sealed record HubOptions
{
    /// <summary>The hub, or a mirror of it (HF_ENDPOINT).</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>The cache (HF_HUB_CACHE, else hub in HF_HOME, else huggingface/hub in the user's cache folder).</summary>
    public required string CachePath { get; init; }

    /// <summary>An access token for gated and private models (HF_TOKEN); sent to the endpoint's own host alone.</summary>
    public string? Token { get; init; }

    /// <summary>Whether only the cache may be used (HF_HUB_OFFLINE).</summary>
    public bool IsOffline { get; init; }

    /// <summary>Tries to read on after a connection was cut.</summary>
    public int MaxRetries { get; init; } = 5;

    /// <summary>The pause before the first of them; each further one is twice as long.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the hub may stay silent.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The options that environment variables ask for.</summary>
    /// <param name="variable">Gives a variable's value, or null.</param>
    /// <exception cref="HubException">HF_ENDPOINT is no web address.</exception>
    public static HubOptions From(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? Given(string name) => variable(name)?.Trim() is { Length: > 0 } value ? value : null;
        var endpoint = Given("HF_ENDPOINT") ?? "https://huggingface.co";
        if (!Uri.TryCreate(endpoint.TrimEnd('/'), UriKind.Absolute, out var address) || address.Scheme is not ("https" or "http"))
        {
            throw new HubException($"HF_ENDPOINT is '{endpoint}'; set it to an address such as https://huggingface.co, or not at all.");
        }

        var userCache = Given("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var home = Given("HF_HOME") ?? Path.Combine(userCache, "huggingface");
        return new HubOptions
        {
            Endpoint = address,
            CachePath = Path.GetFullPath(Given("HF_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Given("HF_TOKEN"),
            IsOffline = Given("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE",
        };
    }
}
